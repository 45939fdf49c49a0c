/* Secrets that templates name as ${secret.NAME}: read once at the start of a run, held here alone, wiped at its
 * end. They are never part of the plan, of a resolved scenario, of a log or of an error message.
 *
 * A value comes from the environment variable MUSTER_SECRET_<NAME>, else from the file that
 * MUSTER_SECRET_<NAME>_FILE names, which must be a regular file that nobody but its owner may read or write (0600
 * or less); one line end at the end of the file does not count. */
#ifndef MUSTER_DEVICE_SECRET_H
#define MUSTER_DEVICE_SECRET_H

#include <stddef.h>

#include "base/bytes.h"
#include "device/template.h"

enum { SECRETS_MAX = 64, SECRET_NAME_MAX = 64, SECRET_BYTES_MAX = 4096 };

struct secret {
    char name[SECRET_NAME_MAX + 1];
    uint8_t *data; /* owned */
    size_t size;
};

/* Zero is an empty table. Read-only once the run has begun, so workers share it. */
struct secret_table {
    struct secret rows[SECRETS_MAX];
    unsigned count;
};

/* Reads the values of all secrets that `t` names and that are not in the table yet. On failure a sentence in `why`
 * that names the secret, not its value: ERR_NOT_FOUND nowhere given · ERR_DENIED others may read the file · ERR_IO
 * unreadable · ERR_TOO_BIG · ERR_INVALID empty, or the name is not [A-Za-z0-9_]+. */
int secret_table_load(struct secret_table *table, const struct template *t, char *why, size_t why_size);
/* The value, borrowed; data NULL when the table has none of that name. */
struct bytes secret_value(const struct secret_table *table, struct bytes name);
/* Wipes and frees all values. */
void secret_table_free(struct secret_table *table);

#endif
