/* The loop in real time: libev on epoll, a timerfd for deadlines (epoll's own timeout counts whole milliseconds). */
#ifndef MUSTER_LOOP_LOOP_EV_H
#define MUSTER_LOOP_LOOP_EV_H

#include <stdint.h>

#include "loop/loop.h"

/* Opens everything that the loop will ever open (epoll, wake-up, timer), so that a thread with a descriptor table of its
 * own can use it if it was made before. No other thread may open or close descriptors meanwhile. `tokens`: number of timers.
 * ERR_NO_MEMORY, ERR_IO (errno tells). The caller closes it with loop_close. */
int loop_ev_new(const struct loop_handlers *handlers, uint32_t tokens, struct loop **out);

#endif
