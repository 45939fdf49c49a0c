#include "base/err.h"

#include "base/check.h"

static const char *const names[] = {
    [-ERR_OK] = "ok",
    [-ERR_AGAIN] = "not now",
    [-ERR_CLOSED] = "closed",
    [-ERR_MALFORMED] = "malformed",
    [-ERR_PROTOCOL] = "protocol error",
    [-ERR_TOO_BIG] = "too big",
    [-ERR_NO_MEMORY] = "out of memory",
    [-ERR_NOT_FOUND] = "not found",
    [-ERR_INVALID] = "invalid",
    [-ERR_IO] = "input/output error",
    [-ERR_DENIED] = "denied",
    [-ERR_UNREACHABLE] = "unreachable",
    [-ERR_EXISTS] = "exists already",
};

const char *err_name(int code) {
    if (code > 0 || code <= -(int)COUNT_OF(names))
        return "unknown error";
    return names[-code];
}
