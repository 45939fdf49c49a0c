#include "report/hlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "crypto/crypto_base64.h"

enum {
    PLAIN_MAX = HLOG_HEADER_BYTES + HISTOGRAM_BUCKETS * HLOG_COUNT_BYTES_MAX,
    /* a histogram is small and made of small numbers: a small window finds what there is to find, and is quick to clear */
    WINDOW_BITS = 12,
    MEMORY_LEVEL = 5,
};

struct hlog {
    const struct plan *plan;
    struct log_writer *log;
    int file;
    struct text *labels; /* [group_count]: fleet/profile/region/target */
    struct text tag, line;
    z_stream deflate;
    bool deflate_ready;
    uint8_t *plain, *packed; /* [PLAIN_MAX], [packed_room] */
    size_t packed_room;
    char *base64;
    size_t base64_room;
};

/* --- tags ------------------------------------------------------------------------------------------------------------- */

void hlog_name(struct text *out, const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    size_t size = strlen(name);
    if (size == 0)
        text_append(out, "-");
    for (size_t i = 0; i < size && i < HLOG_NAME_MAX; i++)
        text_append_n(out, strchr(allowed, name[i]) != NULL ? &name[i] : "_", 1);
    if (size > HLOG_NAME_MAX)
        text_printf(out, ".%08x", hash_name(name));
}

void hlog_labels(struct text *out, const struct fleet_group *g) {
    const char *const labels[] = {g->fleet, g->profile_name, g->region, g->target_name};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (i > 0)
            text_append(out, "/");
        hlog_name(out, labels[i] != NULL ? labels[i] : "");
    }
}

static void append_tag(struct text *out, const struct cell_key *key, enum clock_kind clock, const char *labels) {
    text_printf(out, "%s/%s/%s/%u/%d/%u", op_kinds[key->op].timing, clock_names[clock], labels, key->qos, key->held,
                key->segment);
    if (key->excluded != 0)
        text_printf(out, "/%u", key->excluded);
}

void hlog_tag(struct text *out, const struct plan *plan, const struct cell_key *key, enum clock_kind clock) {
    struct text labels = {0};
    hlog_labels(&labels, &plan->groups[key->group]);
    append_tag(out, key, clock, text_get(&labels));
    text_free(&labels);
}

/* --- one histogram ---------------------------------------------------------------------------------------------------- */

static uint8_t *put_u32(uint8_t *at, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(value >> shift);
    return at;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
    return put_u32(put_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint8_t *put_count(uint8_t *at, int64_t count) {
    uint64_t rest = ((uint64_t)count << 1) ^ (count < 0 ? UINT64_MAX : 0);
    for (int i = 1; i < HLOG_COUNT_BYTES_MAX && rest > 0x7F; i++, rest >>= 7)
        *at++ = (uint8_t)(0x80 | (rest & 0x7F));
    *at++ = (uint8_t)rest;
    return at;
}

/* Counts up to the last that is not 0; a run of zeros is its negative length. */
static uint8_t *put_counts(uint8_t *at, const struct histogram *h) {
    unsigned end = h->exact == h->count ? histogram_bucket(h->max_ns) + 1U : HISTOGRAM_BUCKETS;
    for (unsigned i = 0; i < end;) {
        unsigned from = i;
        while (i < end && h->counts[i] == 0)
            i++;
        if (i > from)
            at = put_count(at, i - from > 1 ? -(int64_t)(i - from) : 0);
        if (i < end)
            at = put_count(at, (int64_t)h->counts[i++]);
    }
    return at;
}

static size_t encode(uint8_t *out, const struct histogram *h) {
    static const double ratio = 1;
    uint64_t ratio_bits;
    memcpy(&ratio_bits, &ratio, sizeof ratio_bits);
    uint8_t *end = put_counts(out + HLOG_HEADER_BYTES, h);
    uint8_t *at = put_u32(out, HLOG_COOKIE);
    at = put_u32(at, (uint32_t)(end - out - HLOG_HEADER_BYTES));
    at = put_u32(at, 0);
    at = put_u32(at, HLOG_DIGITS);
    at = put_u64(at, 1);
    at = put_u64(at, HISTOGRAM_HIGHEST_US);
    put_u64(at, ratio_bits);
    return (size_t)(end - out);
}

static size_t compress_plain(struct hlog *h, size_t size) {
    CHECK(deflateReset(&h->deflate) == Z_OK);
    h->deflate.next_in = h->plain;
    h->deflate.avail_in = (uInt)size;
    h->deflate.next_out = h->packed + HLOG_COMPRESSED_HEADER_BYTES;
    h->deflate.avail_out = (uInt)(h->packed_room - HLOG_COMPRESSED_HEADER_BYTES);
    CHECK(deflate(&h->deflate, Z_FINISH) == Z_STREAM_END);
    size_t packed = h->packed_room - HLOG_COMPRESSED_HEADER_BYTES - h->deflate.avail_out;
    put_u32(put_u32(h->packed, HLOG_COOKIE_COMPRESSED), (uint32_t)packed);
    return packed + HLOG_COMPRESSED_HEADER_BYTES;
}

int64_t hlog_ms(instant at) {
    return at / SPAN_MS + (at % SPAN_MS >= SPAN_MS / 2);
}

/* To the millisecond, as the format has it; without floating point, so that ends meet beginnings. */
static void append_ms(struct text *out, int64_t ms) {
    text_printf(out, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

void hlog_record(struct hlog *h, struct text *out, const char *tag, instant from, instant to,
                 const struct histogram *histogram) {
    size_t size = compress_plain(h, encode(h->plain, histogram));
    CHECK(crypto_base64_encode(CRYPTO_BASE64, h->packed, size, h->base64, h->base64_room) == 0);
    if (*tag != '\0')
        text_printf(out, "Tag=%s,", tag);
    append_ms(out, hlog_ms(from));
    text_append(out, ",");
    append_ms(out, hlog_ms(to) - hlog_ms(from));
    text_append(out, ",");
    text_printf(out, "%.3f,", (double)histogram->max_ns / 1e6);
    text_append(out, h->base64);
    text_append(out, "\n");
}

/* --- the log ---------------------------------------------------------------------------------------------------------- */

struct hlog *hlog_new(const struct plan *plan, struct log_writer *log, int file) {
    struct hlog *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->plan = plan;
    h->log = log;
    h->file = file;
    h->deflate_ready =
        deflateInit2(&h->deflate, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    h->packed_room = HLOG_COMPRESSED_HEADER_BYTES + (h->deflate_ready ? deflateBound(&h->deflate, PLAIN_MAX) : 0);
    h->base64_room = crypto_base64_encoded_size(CRYPTO_BASE64, h->packed_room) + 1;
    h->plain = malloc(PLAIN_MAX);
    h->packed = malloc(h->packed_room);
    h->base64 = malloc(h->base64_room);
    h->labels = calloc(plan->group_count + 1, sizeof *h->labels);
    if (!h->deflate_ready || h->plain == NULL || h->packed == NULL || h->base64 == NULL || h->labels == NULL) {
        hlog_free(h);
        return NULL;
    }
    for (unsigned g = 0; g < plan->group_count; g++)
        hlog_labels(&h->labels[g], &plan->groups[g]);
    return h;
}

void hlog_free(struct hlog *h) {
    if (h == NULL)
        return;
    for (unsigned g = 0; h->labels != NULL && g < h->plan->group_count; g++)
        text_free(&h->labels[g]);
    free(h->labels);
    if (h->deflate_ready)
        deflateEnd(&h->deflate);
    text_free(&h->tag);
    text_free(&h->line);
    free(h->plain);
    free(h->packed);
    free(h->base64);
    free(h);
}

void hlog_header(struct text *out, int64_t start_unix_ns) {
    char date[64];
    time_t second = (time_t)(start_unix_ns / SPAN_S);
    struct tm tm;
    gmtime_r(&second, &tm);
    strftime(date, sizeof date, "%a %b %d %H:%M:%S UTC %Y", &tm);
    text_append(out, "#[Histogram log format version 1.3]\n#[StartTime: ");
    append_ms(out, hlog_ms(start_unix_ns));
    text_printf(out, " (seconds since epoch), %s]\n#[BaseTime: ", date);
    append_ms(out, hlog_ms(start_unix_ns));
    text_append(out, " (seconds since epoch)]\n"
                     "#[Values are microseconds; Interval_Max is in milliseconds.]\n"
                     "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n");
}

void hlog_begin(struct hlog *h, int64_t start_unix_ns) {
    h->line.size = 0;
    hlog_header(&h->line, start_unix_ns);
    log_writer_rotate(h->log, h->file, text_get(&h->line));
    log_writer_put(h->log, h->file, LOG_INTERVALS, h->line.data, h->line.size);
}

static void put_record(struct hlog *h, const char *tag, instant from, instant to, const struct histogram *histogram) {
    h->line.size = 0;
    hlog_record(h, &h->line, tag, from, to, histogram);
    log_writer_put(h->log, h->file, LOG_INTERVALS, h->line.data, h->line.size);
}

uint64_t hlog_second(struct hlog *h, instant from, instant to, const struct result *second) {
    uint64_t records = 0;
    for (size_t i = 0; i < second->series_count; i++)
        for (int c = 0; c < CLOCK_KINDS; c++) {
            const struct series *s = second->series[i];
            if (s->clocks[c] == NULL || s->clocks[c]->count == 0)
                continue;
            h->tag.size = 0;
            append_tag(&h->tag, &s->key, (enum clock_kind)c, text_get(&h->labels[s->key.group]));
            put_record(h, text_get(&h->tag), from, to, s->clocks[c]);
            records++;
        }
    if (second->lag_all.count > 0) {
        put_record(h, "tool/lag", from, to, &second->lag_all);
        records++;
    }
    return records;
}
