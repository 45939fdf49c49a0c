/* What a finished run of a search for capacity came to, read from its directory. */
#ifndef MUSTER_REPORT_TRIAL_READ_H
#define MUSTER_REPORT_TRIAL_READ_H

#include <stdbool.h>
#include <stdint.h>

enum { TRIAL_READ_REASON = 320 };

struct trial_facts {
    char verdict[24];      /* as in summary.json */
    double messages_per_s; /* acknowledged, QoS 0: sent; the mean of the stretch asked for */
    double connects_per_s; /* accepted, in the best second of the run */
    uint64_t online_peak;
    double publish_p50_ms, publish_p99_ms, connect_p99_ms; /* response; NAN: no data */
    uint64_t failed;      /* connects and publishes that were refused, timed out or broke */
    uint64_t lost;        /* messages */
    uint64_t guard_held;  /* operations that the scenario's own safety limits held back */
    double cpu;           /* share of a core that the busiest worker used in that stretch; NAN: none was measured */
    double backend_cores; /* that the backend used in that stretch; NAN: nobody watched it */
    char broke
        [TRIAL_READ_REASON]; /* the checks that failed, value and limit; or what failed most; "" when nothing did */
    bool too_few;            /* a check failed for want of samples: nothing broke, nothing was shown either */
    char trust[TRIAL_READ_REASON]; /* why it is not to be trusted; "" when it is */
};

/* Reads summary.json and series.csv of a run directory; `from_s` to `to_s` is the stretch in which the load is steady. ERR_NOT_FOUND, or
 * ERR_MALFORMED when it is no run that ended. */
int trial_read(const char *directory, double from_s, double to_s, struct trial_facts *out);

#endif
