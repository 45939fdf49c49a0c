/* Packets as text: pairs of hex digits, 'text' in quotes, and * for the remaining length of all that follows. Blanks separate.
 * "30 * 00 01 'a' 'hello'" is 30 08 00 01 61 68 65 6c 6c 6f. */
#ifndef MUSTER_TESTS_MQTT_VECTOR_H
#define MUSTER_TESTS_MQTT_VECTOR_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "mqtt/mqtt_field.h"

enum { VECTOR_MAX = 1 << 16 };

struct vector {
    uint8_t data[VECTOR_MAX];
    size_t size;
};

static inline struct bytes vector_bytes(const struct vector *v) {
    return bytes_of(v->data, v->size);
}

static inline void vector_put(struct vector *v, const void *data, size_t size) {
    CHECK(v->size + size <= VECTOR_MAX);
    memcpy(v->data + v->size, data, size);
    v->size += size;
}

static inline void vector_parse(struct vector *v, const char *text) {
    v->size = 0;
    while (*text) {
        if (*text == ' ') {
            text++;
        } else if (*text == '\'') {
            const char *end = strchr(text + 1, '\'');
            CHECK(end);
            vector_put(v, text + 1, (size_t)(end - text - 1));
            text = end + 1;
        } else if (*text == '*') {
            static struct vector rest; /* one * per packet: never nested */
            uint8_t length[4];
            struct bytes_writer w = bytes_writer_of(length, sizeof length);
            vector_parse(&rest, text + 1);
            mqtt_field_write_varint(&w, (uint32_t)rest.size);
            vector_put(v, length, bytes_written(&w));
            vector_put(v, rest.data, rest.size);
            return;
        } else {
            char pair[3] = {text[0], text[1], 0}, *end;
            uint8_t byte = (uint8_t)strtoul(pair, &end, 16);
            CHECK(*end == 0);
            vector_put(v, &byte, 1);
            text += 2;
        }
    }
}

/* A case in a table failed: say which. */
static inline void vector_blame(const char *name, const char *what) {
    printf("  in \"%s\": %s\n", name, what);
}

static inline void vector_dump(const char *title, struct bytes b) {
    printf("  %s:", title);
    for (size_t i = 0; i < b.size && i < 200; i++)
        printf(" %02x", b.data[i]);
    printf("\n");
}

#endif
