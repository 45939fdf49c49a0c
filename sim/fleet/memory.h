/* What the process holds, from /proc. */
#ifndef MUSTER_FLEET_MEMORY_H
#define MUSTER_FLEET_MEMORY_H

#include <stdint.h>

uint64_t memory_anonymous(void); /* RssAnon now, bytes; 0 when the system does not say */
uint64_t memory_peak(void);      /* VmHWM, bytes */

#endif
