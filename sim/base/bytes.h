/* Bounds-checked reading and writing of byte strings, big-endian (network order).
 *
 * A reader never touches a byte outside [at, end). After the first short read `failed` is set, all later reads give zero
 * values, and the caller may test once at the end. A writer works alike: past `end` nothing is written, `failed` is set. */
#ifndef MUSTER_BASE_BYTES_H
#define MUSTER_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed byte string; `data` may be NULL when `size` is 0. Not NUL-terminated. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

struct bytes_reader {
    const uint8_t *at, *end;
    bool failed;
};

struct bytes_writer {
    uint8_t *start, *at, *end;
    bool failed;
};

static inline struct bytes bytes_of(const void *data, size_t size) {
    return (struct bytes){(const uint8_t *)data, size};
}
struct bytes bytes_of_text(const char *text); /* without the NUL */
bool bytes_equal(struct bytes a, struct bytes b);

struct bytes_reader bytes_reader_of(struct bytes b);
static inline size_t bytes_left(const struct bytes_reader *r) {
    return (size_t)(r->end - r->at);
}
uint8_t bytes_read_u8(struct bytes_reader *r);
uint16_t bytes_read_u16(struct bytes_reader *r);
uint32_t bytes_read_u32(struct bytes_reader *r);
/* The next `size` bytes, borrowed from the input; empty and failed when fewer are left. */
struct bytes bytes_read(struct bytes_reader *r, size_t size);

struct bytes_writer bytes_writer_of(void *buffer, size_t size);
static inline size_t bytes_written(const struct bytes_writer *w) {
    return (size_t)(w->at - w->start);
}
static inline size_t bytes_room(const struct bytes_writer *w) {
    return (size_t)(w->end - w->at);
}
void bytes_write_u8(struct bytes_writer *w, uint8_t value);
void bytes_write_u16(struct bytes_writer *w, uint16_t value);
void bytes_write_u32(struct bytes_writer *w, uint32_t value);
void bytes_write(struct bytes_writer *w, struct bytes b);

#endif
