/* The machine a run was made on, for the manifest. */
#ifndef MUSTER_REPORT_HOST_H
#define MUSTER_REPORT_HOST_H

#include <stdint.h>

struct host {
    char name[128], kernel[192], machine[80], cpu[128], clock_source[64];
    unsigned cores; /* that this process may use */
    uint64_t memory_bytes;
    uint64_t nofile_soft, nofile_hard;
    char ports[32]; /* ephemeral port range, "32768-60999"; "" unknown */
};

/* Asks the system; what it does not tell stays empty or 0. */
struct host host_read(void);

#endif
