/* Error codes shared by every room.
 *
 * A function that can fail returns 0 on success and one of these (all negative) on failure; out-parameters
 * come last and are untouched on failure unless its contract says otherwise. What comes from the network or a
 * file is tested and answered with a code; what comes from our own code is CHECKed (base/check.h). */
#ifndef MUSTER_BASE_ERR_H
#define MUSTER_BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_AGAIN = -1,        /* not now: would block, or more bytes are needed */
    ERR_CLOSED = -2,       /* the peer closed in order */
    ERR_MALFORMED = -3,    /* bytes that the protocol or the grammar forbids */
    ERR_PROTOCOL = -4,     /* well-formed, but not allowed in this state */
    ERR_TOO_BIG = -5,      /* a named cap was reached */
    ERR_NO_MEMORY = -6,    /* an allocation or a pool failed */
    ERR_NOT_FOUND = -7,    /* name, file or address that does not exist */
    ERR_INVALID = -8,      /* an argument or value outside its range */
    ERR_IO = -9,           /* the system refused: errno tells */
    ERR_DENIED = -10,      /* the safety guard said no */
    ERR_UNREACHABLE = -11, /* no route, refused or timed out */
    ERR_EXISTS = -12,      /* it is there already */
};

/* The code's name for messages, for instance "malformed". Never NULL; unknown codes give "unknown error". */
const char *err_name(int code);

#endif
