#include "fleet/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "fleet/worker.h"

enum { CHUNK_HEAD = 14, VARUINT_MAX = 10, RECORD_HEAD_MAX = 1 + 3 * VARUINT_MAX, SENT_SIZE = 12 };

const char recording_magic[RECORDING_MAGIC_SIZE + 1] = "MUSTREC1";

struct recording {
    uint64_t *devices; /* bit per number of the worker; NULL: all of them */
    instant last;      /* of the record before in this chunk */
    uint64_t omitted;
};

uint64_t recording_hash(struct bytes data) {
    return hash_fnv1a64(data.data, data.size);
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

int recording_init(struct worker *w, bool all, const uint32_t *asked, unsigned asked_count) {
    if (!all && asked_count == 0)
        return 0;
    struct recording *r = w->recording = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NO_MEMORY;
    if (all)
        return 0;
    r->devices = calloc(w->count / 64 + 1, sizeof *r->devices);
    if (r->devices == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t n = 0; n < w->count; n++)
        for (unsigned i = 0; i < asked_count; i++)
            if (w->lives[n].id == asked[i])
                r->devices[n / 64] |= UINT64_C(1) << n % 64;
    return 0;
}

void recording_free(struct worker *w) {
    if (w->recording == NULL)
        return;
    free(w->recording->devices);
    free(w->recording);
    w->recording = NULL;
}

uint64_t recording_omitted(const struct worker *w) {
    return w->recording == NULL ? 0 : w->recording->omitted;
}

static bool records(const struct worker *w, uint32_t number) {
    const struct recording *r = w->recording;
    return r != NULL && r->omitted == 0 && (r->devices == NULL || (r->devices[number / 64] >> number % 64 & 1) != 0);
}

static void write_varuint(struct bytes_writer *to, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        bytes_write_u8(to, (uint8_t)(value | 0x80));
    bytes_write_u8(to, (uint8_t)value);
}

static void write_u64(struct bytes_writer *to, uint64_t value) {
    bytes_write_u32(to, (uint32_t)(value >> 32));
    bytes_write_u32(to, (uint32_t)value);
}

void recording_note(struct worker *w, uint32_t number, enum recording_kind kind, struct bytes data) {
    if (!records(w, number))
        return;
    struct recording *r = w->recording;
    instant now = loop_now(w->loop);
    uint8_t head[CHUNK_HEAD + RECORD_HEAD_MAX];
    struct bytes_writer to = bytes_writer_of(head, sizeof head);
    if (!recorder_chunk_is_open(w->recorder)) {
        bytes_write_u32(&to, 0); /* its size, when it is written */
        bytes_write_u16(&to, (uint16_t)w->index);
        write_u64(&to, (uint64_t)now);
        r->last = now;
    }
    bytes_write_u8(&to, (uint8_t)kind);
    write_varuint(&to, w->lives[number].id);
    write_varuint(&to, (uint64_t)(now - r->last));
    write_varuint(&to, data.size);
    uint8_t *at = recorder_recorded(w->recorder, bytes_written(&to) + data.size);
    if (at == NULL) {
        r->omitted++;
        return;
    }
    memcpy(at, head, bytes_written(&to));
    if (data.size > 0)
        memcpy(at + bytes_written(&to), data.data, data.size);
    r->last = now;
}

void recording_sent(struct worker *w, uint32_t number, struct bytes data) {
    if (!records(w, number))
        return;
    uint8_t what[SENT_SIZE];
    struct bytes_writer to = bytes_writer_of(what, sizeof what);
    bytes_write_u32(&to, (uint32_t)data.size);
    write_u64(&to, recording_hash(data));
    recording_note(w, number, RECORDING_SENT, bytes_of(what, sizeof what));
}

static void note_byte(struct worker *w, uint32_t number, enum recording_kind kind, uint8_t byte) {
    recording_note(w, number, kind, bytes_of(&byte, 1));
}

void recording_close_chunk(uint8_t *chunk, uint32_t size) {
    struct bytes_writer to = bytes_writer_of(chunk, sizeof(uint32_t));
    CHECK(size >= CHUNK_HEAD);
    bytes_write_u32(&to, size - (uint32_t)sizeof(uint32_t));
}

void recording_failed(struct worker *w, uint32_t number, unsigned why) {
    note_byte(w, number, RECORDING_FAILED, (uint8_t)why);
}

void recording_ended(struct worker *w, uint32_t number, bool reset) {
    note_byte(w, number, RECORDING_ENDED, reset);
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

static uint64_t read_varuint(struct bytes_reader *from) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 7 * VARUINT_MAX; shift += 7) {
        uint8_t byte = bytes_read_u8(from);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    from->failed = true;
    return 0;
}

static uint64_t read_u64(struct bytes_reader *from) {
    uint64_t high = bytes_read_u32(from);
    return high << 32 | bytes_read_u32(from);
}

static bool is_whole(const struct recording_event *e) {
    static const size_t sizes[RECORDING_KINDS] = {
        [RECORDING_FAILED] = 1, [RECORDING_OPENED] = 0, [RECORDING_SENT] = SENT_SIZE, [RECORDING_ENDED] = 1};
    return e->kind == RECORDING_RECEIVED ? e->data.size > 0 : e->data.size == sizes[e->kind];
}

static bool read_record(struct bytes_reader *from, instant *last, struct recording_event *e) {
    uint8_t kind = bytes_read_u8(from);
    uint64_t device = read_varuint(from), later = read_varuint(from), size = read_varuint(from);
    if (from->failed || kind >= RECORDING_KINDS || device > UINT32_MAX || size > bytes_left(from) ||
        later > (uint64_t)(INT64_MAX - *last))
        return false;
    *last += (instant)later;
    *e = (struct recording_event){
        .kind = (enum recording_kind)kind, .device = (uint32_t)device, .at = *last, .data = bytes_read(from, size)};
    return is_whole(e);
}

static bool read_chunk(struct bytes_reader *from, void (*take)(void *context, const struct recording_event *e),
                       void *context) {
    uint32_t size = bytes_read_u32(from);
    struct bytes_reader chunk = bytes_reader_of(bytes_read(from, size));
    (void)bytes_read_u16(&chunk);
    uint64_t base = read_u64(&chunk);
    if (from->failed || chunk.failed || base > INT64_MAX)
        return false;
    instant last = (instant)base;
    while (bytes_left(&chunk) > 0) {
        struct recording_event e;
        if (!read_record(&chunk, &last, &e))
            return false;
        take(context, &e);
    }
    return true;
}

int recording_read(struct bytes file, void (*take)(void *context, const struct recording_event *e), void *context,
                   char *why, size_t why_size) {
    struct bytes_reader from = bytes_reader_of(file);
    struct bytes magic = bytes_read(&from, RECORDING_MAGIC_SIZE);
    if (!bytes_equal(magic, bytes_of(recording_magic, RECORDING_MAGIC_SIZE))) {
        snprintf(why, why_size, "it does not begin with %s", recording_magic);
        return ERR_MALFORMED;
    }
    while (bytes_left(&from) > 0) {
        size_t at = file.size - bytes_left(&from);
        if (!read_chunk(&from, take, context)) {
            snprintf(why, why_size, "what begins at byte %zu cannot be read", at);
            return ERR_MALFORMED;
        }
    }
    return 0;
}
