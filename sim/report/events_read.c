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

struct events_cursor events_read_begin(const char *data, size_t size) {
    return (struct events_cursor){.data = data, .size = size};
}

void events_read_part(struct events_cursor *c, const char *data, size_t size) {
    c->data = data;
    c->size = size;
    c->at = 0;
}

bool events_read_next(struct events_cursor *c, struct events_line *line) {
    if (c->at == c->size || c->so_far.why[0] != '\0')
        return false;
    size_t left = c->size - c->at, room = left < EVENTS_LINE_MAX ? left : EVENTS_LINE_MAX;
    const char *start = c->data + c->at, *end = memchr(start, '\n', room);
    *line = (struct events_line){.text = start, .size = end != NULL ? (size_t)(end - start) : room};
    const char *why = fault(start, line->size, end != NULL, c->least, &line->n);
    if (why != NULL) {
        c->so_far.bytes_ignored = left;
        snprintf(c->so_far.why, sizeof c->so_far.why, "%s", why);
        return false;
    }
    c->so_far.missing += line->n - c->least;
    c->so_far.lines++;
    c->least = line->n + 1;
    c->at += line->size + 1;
    return true;
}

struct events_read events_read(const char *data, size_t size,
                               void (*visit)(void *context, uint64_t n, const char *line, size_t line_size),
                               void *context) {
    struct events_cursor c = events_read_begin(data, size);
    struct events_line line;
    while (events_read_next(&c, &line))
        if (visit != NULL)
            visit(context, line.n, line.text, line.size);
    return c.so_far;
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
