/* manifest.json, read back: what `muster report` cannot know from the logs. */
#ifndef MUSTER_REPORT_MANIFEST_READ_H
#define MUSTER_REPORT_MANIFEST_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/host.h"
#include "scenario/ceiling.h"

enum { MANIFEST_READ_ARGUMENTS_MAX = 4096 };

struct manifest {
    bool complete;
    char version[32], run_id[5];
    int64_t started_unix_ns; /* to the millisecond */
    char *file;              /* of the scenario */
    char plan_hash[65];
    bool seed_given;
    unsigned shard, shards;
    bool virtual_time;
    int argc;
    char **argv;     /* redacted, as it was written */
    char *directory; /* as the run called it */
    struct host host;
    bool measured; /* there was a ceiling of the host */
    struct ceiling ceiling;
    uint64_t log_records_dropped;
};

/* ERR_MALFORMED with a sentence in `why`; ERR_INVALID: of a schema that this version does not know. Free with manifest_read_free either way. */
int manifest_read(const char *text, size_t size, struct manifest *out, char *why, size_t why_size);
void manifest_read_free(struct manifest *m);

#endif
