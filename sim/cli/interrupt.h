/* SIGINT and SIGTERM of a run: the first asks it to end politely, the second ends the program at once. */
#ifndef MUSTER_CLI_INTERRUPT_H
#define MUSTER_CLI_INTERRUPT_H

struct interrupts {
    volatile int count, number; /* so many came; the latest */
};

/* From here on they are counted; also ignores SIGPIPE. The struct lives as long as the program. */
const struct interrupts *interrupt_catch(void);

#endif
