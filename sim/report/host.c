#include "report/host.h"

#include <stdio.h>

#include "scenario/machine.h"

struct host host_read(void) {
    struct machine m;
    machine_read(&m);
    struct host h = {
        .cores = m.cores, .memory_bytes = m.memory_bytes, .nofile_soft = m.nofile_soft, .nofile_hard = m.nofile_hard};
    snprintf(h.name, sizeof h.name, "%s", m.name);
    snprintf(h.kernel, sizeof h.kernel, "%s", m.kernel);
    snprintf(h.machine, sizeof h.machine, "%s", m.architecture);
    snprintf(h.cpu, sizeof h.cpu, "%s", m.cpu);
    snprintf(h.clock_source, sizeof h.clock_source, "%s", m.clock_source);
    if (m.port_first > 0)
        snprintf(h.ports, sizeof h.ports, "%u-%u", m.port_first, m.port_last);
    return h;
}
