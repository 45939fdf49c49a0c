#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of_text(const char *text) {
    return bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

struct bytes_reader bytes_reader_of(struct bytes b) {
    return (struct bytes_reader){.at = b.data, .end = b.size > 0 ? b.data + b.size : b.data};
}

/* Once a read failed nothing more is read, even if it would fit: the caller's idea of the position is wrong. */
static const uint8_t *advance(struct bytes_reader *r, size_t size) {
    if (r->failed || bytes_left(r) < size) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    if (size > 0)
        r->at += size;
    return at;
}

uint8_t bytes_read_u8(struct bytes_reader *r) {
    const uint8_t *p = advance(r, 1);
    return p == NULL ? 0 : p[0];
}

uint16_t bytes_read_u16(struct bytes_reader *r) {
    const uint8_t *p = advance(r, 2);
    return p == NULL ? 0 : (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t bytes_read_u32(struct bytes_reader *r) {
    const uint8_t *p = advance(r, 4);
    return p == NULL ? 0 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct bytes bytes_read(struct bytes_reader *r, size_t size) {
    const uint8_t *p = advance(r, size);
    return p == NULL ? bytes_of(NULL, 0) : bytes_of(p, size);
}

struct bytes_writer bytes_writer_of(void *buffer, size_t size) {
    uint8_t *start = buffer;
    return (struct bytes_writer){.start = start, .at = start, .end = size > 0 ? start + size : start};
}

static uint8_t *claim(struct bytes_writer *w, size_t size) {
    if (w->failed || bytes_room(w) < size) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->at;
    w->at += size;
    return at;
}

void bytes_write_u8(struct bytes_writer *w, uint8_t value) {
    uint8_t *p = claim(w, 1);
    if (p != NULL)
        p[0] = value;
}

void bytes_write_u16(struct bytes_writer *w, uint16_t value) {
    uint8_t *p = claim(w, 2);
    if (p == NULL)
        return;
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

void bytes_write_u32(struct bytes_writer *w, uint32_t value) {
    uint8_t *p = claim(w, 4);
    if (p == NULL)
        return;
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

void bytes_write(struct bytes_writer *w, struct bytes b) {
    if (b.size == 0)
        return;
    uint8_t *p = claim(w, b.size);
    if (p != NULL)
        memcpy(p, b.data, b.size);
}
