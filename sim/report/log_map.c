#include "report/log_map.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/log_writer.h"

struct log_map log_map_open(const char *path) {
    struct log_map m = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe by that name must not hold us up */
    if (fd < 0)
        return m;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        m.data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        m.data = m.data != MAP_FAILED ? m.data : NULL;
        m.size = m.data != NULL ? (size_t)st.st_size : 0;
    }
    close(fd);
    return m;
}

struct log_map log_map_open_part(const char *directory, const char *name, unsigned part) {
    char file[64], path[PATH_MAX + sizeof file];
    snprintf(path, sizeof path, "%s/%s", directory, log_writer_part_name(name, part, file, sizeof file));
    return log_map_open(path);
}

void log_map_close(struct log_map *m) {
    if (m->data != NULL)
        munmap((void *)(size_t)m->data, m->size);
    *m = (struct log_map){NULL, 0};
}
