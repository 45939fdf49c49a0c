#include "report/events_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/err.h"
#include "report/events.h"

enum { CRC_SIZE = sizeof ",\"crc\":\"01234567\"}" - 1 };

/* "{\"n\":17,": the number, and false when the line does not begin so. */
static bool number_of(const char *line, size_t size, uint64_t *n) {
    static const char head[] = "{\"n\":";
    if (size < sizeof head || memcmp(line, head, sizeof head - 1) != 0)
        return false;
    uint64_t value = 0;
    size_t at = sizeof head - 1, digits = 0;
    for (; at < size && line[at] >= '0' && line[at] <= '9' && digits < 19; at++, digits++)
        value = value * 10 + (uint64_t)(line[at] - '0');
    *n = value;
    return digits > 0 && at < size && line[at] == ',';
}

static bool crc_holds(const char *line, size_t size) {
    if (size <= CRC_SIZE)
        return false;
    char expected[CRC_SIZE + 1];
    size_t body = size - CRC_SIZE;
    snprintf(expected, sizeof expected, ",\"crc\":\"%08lx\"}", crc32(0, (const Bytef *)line, (uInt)body));
    return memcmp(line + body, expected, CRC_SIZE) == 0;
}

/* Why the record at `line` is not whole; NULL when it is. */
static const char *fault(const char *line, size_t size, bool ended, uint64_t least, uint64_t *n) {
    if (!ended)
        return size >= EVENTS_LINE_MAX ? "a line is too long" : "the last line is cut off";
    if (!number_of(line, size, n))
        return "a line does not begin with its number";
    if (!crc_holds(line, size))
        return "a line does not match its checksum";
    if (*n < least)
        return "a line's number is not above the one before it";
    return NULL;
}

struct events_read events_read(const char *data, size_t size,
                               void (*visit)(void *context, uint64_t n, const char *line, size_t line_size),
                               void *context) {
    struct events_read r = {0};
    uint64_t least = 0;
    for (size_t at = 0; at < size;) {
        size_t room = size - at < EVENTS_LINE_MAX ? size - at : EVENTS_LINE_MAX;
        const char *end = memchr(data + at, '\n', room);
        size_t line_size = end != NULL ? (size_t)(end - (data + at)) : room;
        uint64_t n = 0;
        const char *why = fault(data + at, line_size, end != NULL, least, &n);
        if (why != NULL) {
            r.bytes_ignored = size - at;
            snprintf(r.why, sizeof r.why, "%s", why);
            break;
        }
        r.missing += n - least;
        r.lines++;
        least = n + 1;
        if (visit != NULL)
            visit(context, n, data + at, line_size);
        at += line_size + 1;
    }
    return r;
}

int events_read_file(const char *path, void (*visit)(void *context, uint64_t n, const char *line, size_t line_size),
                     void *context, struct events_read *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    struct stat st;
    int status = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? 0 : ERR_IO;
    char *data = NULL;
    size_t size = status == 0 ? (size_t)st.st_size : 0;
    if (size > 0) {
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = ERR_IO;
    }
    if (status == 0)
        *out = events_read(data, size, visit, context);
    if (status == 0 && size > 0)
        munmap(data, size);
    close(fd);
    return status;
}
