#include "cli/interrupt.h"

#include <signal.h>
#include <stdint.h>
#include <unistd.h>

#include "loop/loop.h"

enum {
    SAME_REQUEST_MS = 300,  /* two signals this close are one: timeout(1) tells the process, then its group */
    SIGNAL_EXIT_BASE = 128, /* what shells make of a signal */
};

/* The one place where a signal handler and the program meet. */
static struct interrupts seen;
static volatile int64_t seen_at_ns;

static void on_signal(int number) {
    int64_t now_ns = loop_clock_monotonic();
    if (seen.count > 0 && now_ns - seen_at_ns < SAME_REQUEST_MS * SPAN_MS)
        return;
    seen_at_ns = now_ns;
    seen.number = number;
    seen.count++;
    if (seen.count > 1)
        _exit(SIGNAL_EXIT_BASE + number); /* the logs are whole lines; nothing else is worth waiting for */
}

const struct interrupts *interrupt_catch(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return &seen;
}
