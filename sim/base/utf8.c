#include "base/utf8.h"

#include "base/check.h"

/* RFC 3629 section 4: which second bytes may follow a lead byte; further ones are always 80..BF. */
static const struct lead {
    uint8_t first, last, length, second_min, second_max;
} leads[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f},
    {0xee, 0xef, 3, 0x80, 0xbf}, {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t utf8_sequence(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    if (data[0] < 0x80)
        return 1;
    for (size_t i = 0; i < COUNT_OF(leads); i++) {
        const struct lead *l = &leads[i];
        if (data[0] < l->first || data[0] > l->last)
            continue;
        if (size < l->length || data[1] < l->second_min || data[1] > l->second_max)
            return 0;
        for (size_t k = 2; k < l->length; k++)
            if ((data[k] & 0xc0) != 0x80)
                return 0;
        return l->length;
    }
    return 0;
}

bool utf8_valid(const uint8_t *data, size_t size) {
    for (size_t at = 0; at < size;) {
        if (data[at] - 1U < 0x7f) { /* 01..7f: nearly every byte of a topic */
            at++;
            continue;
        }
        size_t length = data[at] == 0 ? 0 : utf8_sequence(data + at, size - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool utf8_is_control(const uint8_t *sequence, size_t length) {
    const uint8_t *c = sequence;
    return length == 1 ? c[0] < 0x20 || c[0] == 0x7f : length == 2 && c[0] == 0xc2 && c[1] < 0xa0;
}
