#include "report/host.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of a file, without its end; "" when there is none. */
static void first_line(const char *path, char *text, size_t size) {
    text[0] = '\0';
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return;
    if (fgets(text, (int)size, f) == NULL)
        text[0] = '\0';
    fclose(f);
    text[strcspn(text, "\n")] = '\0';
}

/* "model name	: …" of x86; other machines name their CPU elsewhere or not at all. */
static void read_cpu(char *text, size_t size) {
    text[0] = '\0';
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, "model name", 10) != 0)
            continue;
        snprintf(text, size, "%s", colon + 1 + strspn(colon + 1, " "));
        text[strcspn(text, "\n")] = '\0';
        break;
    }
    if (f != NULL)
        fclose(f);
}

static unsigned count_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

struct host host_read(void) {
    struct host h = {.cores = count_cores()};
    struct utsname u;
    if (uname(&u) == 0) {
        snprintf(h.name, sizeof h.name, "%s", u.nodename);
        snprintf(h.kernel, sizeof h.kernel, "%s %s", u.sysname, u.release);
        snprintf(h.machine, sizeof h.machine, "%s", u.machine);
    }
    read_cpu(h.cpu, sizeof h.cpu);
    first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", h.clock_source,
               sizeof h.clock_source);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
    if (pages > 0 && page > 0)
        h.memory_bytes = (uint64_t)pages * (uint64_t)page;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        h.nofile_soft = files.rlim_cur;
        h.nofile_hard = files.rlim_max;
    }
    char range[64];
    unsigned low, high;
    first_line("/proc/sys/net/ipv4/ip_local_port_range", range, sizeof range);
    if (sscanf(range, "%u %u", &low, &high) == 2)
        snprintf(h.ports, sizeof h.ports, "%u-%u", low, high);
    return h;
}
