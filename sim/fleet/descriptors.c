#include "fleet/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

uint64_t descriptors_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 1024;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur;
}

unsigned descriptors_cores(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

unsigned descriptors_workers(uint64_t devices, unsigned cores, unsigned asked, bool *private_tables) {
    uint64_t limit = descriptors_limit();
    uint64_t room = limit > 2 * DESCRIPTORS_RESERVED ? limit - DESCRIPTORS_RESERVED : limit / 2;
    *private_tables = devices > room;
    uint64_t needed = (devices + room - 1) / room;
    uint64_t workers = asked > 0 ? asked : cores;
    if (workers < needed)
        workers = needed;
    if (asked == 0 && devices > 0 && workers > devices)
        workers = devices;
    return workers == 0 ? 1 : (unsigned)workers;
}

void descriptors_make_room(uint64_t sockets) {
    uint64_t limit = descriptors_limit(), wanted = sockets + DESCRIPTORS_RESERVED;
    int any = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int last = any < 0 ? -1 : fcntl(any, F_DUPFD_CLOEXEC, (int)(wanted < limit ? wanted : limit) - 1);
    if (last >= 0)
        close(last);
    if (any >= 0)
        close(any);
}

void descriptors_take_private(const struct loop *loop) {
    if (unshare(CLONE_FILES) < 0) {
        log_line(LOG_WARNING,
                 "this system refuses a descriptor table per worker; connections are limited to one table");
        return;
    }
    DIR *directory = opendir("/proc/thread-self/fd");
    if (directory == NULL)
        return;
    int own = dirfd(directory);
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        int fd = atoi(entry->d_name);
        if (fd > STDERR_FILENO && fd != own && !loop_owns_descriptor(loop, fd))
            close(fd);
    }
    closedir(directory);
}
