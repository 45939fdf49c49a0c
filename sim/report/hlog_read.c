#include "report/hlog_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/err.h"
#include "crypto/crypto_base64.h"
#include "report/hlog.h"

enum {
    PLAIN_MAX = 1 << 20,      /* bytes of counts: 116,000 counts of full size */
    DIGITS_MAX = 5,           /* the format's own limit */
    COOKIE_BASE = 0x1c849303, /* without the word size, which V2 does not use */
    COOKIE_BASE_COMPRESSED = 0x1c849304,
    COOKIE_WORD_SIZE = 0xf0,
};

#define RATIO_ONE UINT64_C(0x3ff0000000000000) /* 1.0, as the encoding has it */

struct hlog_read {
    const char *at, *end;
    int64_t unit_ns;
    struct hlog_record record;
    struct hlog_read_end so_far;
    bool has_start, has_base, has_offset;
    instant start_at, base_at, offset; /* of the header, and what is taken from stamps; since 1970 */
    z_stream inflate;
    uint8_t packed[HLOG_LINE_MAX];
    uint8_t plain[PLAIN_MAX + HLOG_HEADER_BYTES];
    char tag[HLOG_TAG_MAX];
    struct histogram histogram;
};

/* A piece of a line. */
struct piece {
    const char *text;
    size_t size;
};

/* --- refusing --------------------------------------------------------------------------------------------------------- */

static int refuse(struct hlog_read *r, int error, const char *why) {
    r->so_far.error = error;
    snprintf(r->so_far.why, sizeof r->so_far.why, "%s", why);
    return error;
}

/* --- tags ------------------------------------------------------------------------------------------------------------- */

static bool read_small(const char *text, unsigned max, unsigned *out) {
    unsigned value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (unsigned)(*text - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

static bool find_operation(const char *timing, enum op_kind *op) {
    for (int i = 0; i < OP_KINDS; i++)
        if (strcmp(op_kinds[i].timing, timing) == 0) {
            *op = (enum op_kind)i;
            return true;
        }
    return false;
}

static bool find_clock(const char *name, enum clock_kind *clock) {
    for (int i = 0; i < CLOCK_KINDS; i++)
        if (strcmp(clock_names[i], name) == 0) {
            *clock = (enum clock_kind)i;
            return true;
        }
    return false;
}

/* The parts of a tag of ours, in their order; false when it is not one. */
static bool read_parts(struct hlog_tag *t, char *const *parts, size_t count) {
    enum { PARTS = 9 };
    unsigned held;
    if (count != PARTS && count != PARTS + 1)
        return false;
    t->operation = parts[0];
    t->fleet = parts[2];
    t->profile = parts[3];
    t->region = parts[4];
    t->target = parts[5];
    if (!find_operation(parts[0], &t->op) || !find_clock(parts[1], &t->clock) ||
        !read_small(parts[6], UINT8_MAX, &t->qos) || !read_small(parts[7], 1, &held) ||
        !read_small(parts[8], UINT16_MAX, &t->segment))
        return false;
    t->held = held != 0;
    return count == PARTS || read_small(parts[9], UINT8_MAX, &t->excluded);
}

struct hlog_tag hlog_read_tag(const char *text, size_t size, char *room) {
    enum { PARTS_MAX = 10 };
    struct hlog_tag t = {.kind = HLOG_FOREIGN, .text = "", .operation = ""};
    t.fleet = t.profile = t.region = t.target = "";
    const struct hlog_tag none = t;
    char *parts[PARTS_MAX], *at = room + HLOG_TAG_MAX / 2;
    size_t count = 0;
    if (size >= HLOG_TAG_MAX / 2)
        size = HLOG_TAG_MAX / 2 - 1; /* no tag of ours; the rest only tells strangers apart */
    memcpy(room, text, size);
    room[size] = '\0';
    memcpy(at, room, size + 1);
    bool fits = true;
    for (char *slash = at; fits && slash != NULL; at = slash) {
        fits = count < PARTS_MAX;
        if (!fits)
            break;
        parts[count++] = at;
        slash = strchr(at, '/');
        if (slash != NULL)
            *slash++ = '\0';
        else
            break;
    }
    if (strcmp(room, "tool/lag") == 0)
        t.kind = HLOG_TOOL;
    else if (fits && read_parts(&t, parts, count))
        t.kind = HLOG_CELL;
    else
        t = none;
    t.text = room;
    return t;
}

/* --- numbers ---------------------------------------------------------------------------------------------------------- */

static uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get_u64(const uint8_t *at) {
    return (uint64_t)get_u32(at) << 32 | get_u32(at + 4);
}

/* "1234.567" as nanoseconds; digits after the ninth are beyond us. False when it is not a number of seconds that fits. */
static bool read_seconds(struct piece p, instant *out) {
    enum { WHOLE_DIGITS_MAX = 10, FRACTION_DIGITS = 9 };
    int64_t value = 0;
    size_t at = 0, digits = 0, fraction = 0;
    for (; at < p.size && p.text[at] >= '0' && p.text[at] <= '9'; at++, digits++)
        value = digits < WHOLE_DIGITS_MAX ? value * 10 + (p.text[at] - '0') : value;
    if (digits == 0 || digits > WHOLE_DIGITS_MAX || value > INT64_MAX / SPAN_S - 1)
        return false;
    if (at < p.size && p.text[at] == '.')
        for (at++; at < p.size && p.text[at] >= '0' && p.text[at] <= '9'; at++)
            if (fraction < FRACTION_DIGITS) {
                value = value * 10 + (p.text[at] - '0');
                fraction++;
            }
    for (; fraction < FRACTION_DIGITS; fraction++)
        value *= 10;
    *out = value;
    return at == p.size;
}

/* --- histograms ------------------------------------------------------------------------------------------------------- */

/* How the writer laid out its buckets. */
struct layout {
    unsigned half_bits; /* log2 of half the sub-buckets */
    unsigned unit_bits; /* log2 of the smallest unit */
    uint64_t counts;    /* so many has the array */
};

static bool layout_of(const uint8_t *header, struct layout *l) {
    uint32_t digits = get_u32(header + 12);
    uint64_t lowest = get_u64(header + 16), highest = get_u64(header + 24);
    uint64_t resolved = 2; /* 2 · 10^digits values are told apart */
    if (digits > DIGITS_MAX || lowest == 0 || lowest > INT64_MAX || highest > INT64_MAX || highest < 2 * lowest)
        return false;
    for (uint32_t i = 0; i < digits; i++)
        resolved *= 10;
    unsigned bits = 64 - (unsigned)__builtin_clzll(resolved - 1);
    l->half_bits = bits - 1;
    l->unit_bits = 63 - (unsigned)__builtin_clzll(lowest);
    if (bits + l->unit_bits > 61)
        return false;
    unsigned buckets = 1;
    for (uint64_t beyond = UINT64_C(1) << (bits + l->unit_bits); beyond <= highest && beyond <= INT64_MAX / 2;
         beyond *= 2)
        buckets++;
    l->counts = (uint64_t)(buckets + 1) << l->half_bits;
    return true;
}

/* The middle of what a bucket holds: with two digits or more it falls into ours as the lowest does. −1: beyond 64 bits. */
static int64_t value_at(const struct layout *l, uint64_t index) {
    uint64_t half = UINT64_C(1) << l->half_bits, bucket = index >> l->half_bits;
    uint64_t sub = bucket == 0 ? index : (index & (half - 1)) + half;
    unsigned shift = (bucket == 0 ? 0 : (unsigned)bucket - 1) + l->unit_bits;
    if (shift > 62 || sub > (uint64_t)(INT64_MAX >> shift))
        return -1;
    return (int64_t)((sub << shift) + (shift > 0 ? (UINT64_C(1) << shift) / 2 : 0));
}

/* False at the end of what there is. */
static bool read_count(const uint8_t **at, const uint8_t *end, int64_t *out) {
    uint64_t value = 0;
    for (unsigned i = 0; i < HLOG_COUNT_BYTES_MAX; i++) {
        if (*at == end)
            return false;
        uint8_t byte = *(*at)++;
        bool last = i == HLOG_COUNT_BYTES_MAX - 1;
        value |= (uint64_t)(last ? byte : byte & 0x7F) << (7 * i);
        if (last || byte < 0x80)
            break;
    }
    *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    return true;
}

/* Adds samples; the bucket's middle stands for each of them. False when they do not fit. */
static bool add_samples(struct hlog_read *r, const struct layout *l, uint64_t index, uint64_t count) {
    struct histogram *h = &r->histogram;
    int64_t value = value_at(l, index), ns, sum;
    if (value < 0 || __builtin_mul_overflow(value, r->unit_ns, &ns) || ns / SPAN_US > HISTOGRAM_HIGHEST_US ||
        count > (uint64_t)INT64_MAX - h->count)
        return false;
    if (__builtin_mul_overflow(ns, (int64_t)count, &sum))
        sum = INT64_MAX;
    histogram_record_bucket(h, histogram_bucket(ns), count);
    histogram_add_exact(h, count, sum, ns, ns);
    return true;
}

static int read_counts(struct hlog_read *r, const struct layout *l, const uint8_t *at, const uint8_t *end) {
    uint64_t index = 0;
    while (at < end) {
        int64_t count;
        if (!read_count(&at, end, &count))
            return refuse(r, ERR_MALFORMED, "a histogram ends within a count");
        uint64_t step = count < 0 ? 0 - (uint64_t)count : 1;
        if (step > l->counts - index)
            return refuse(r, ERR_MALFORMED, "a histogram has more counts than its limits allow");
        if (count > 0 && !add_samples(r, l, index, (uint64_t)count))
            return refuse(r, ERR_INVALID, "a histogram has values above 12.7 days, or too many samples");
        index += step;
    }
    return 0;
}

static int read_plain(struct hlog_read *r, size_t size) {
    struct layout layout;
    uint64_t ratio = get_u64(r->plain + 32);
    if (size < HLOG_HEADER_BYTES || (get_u32(r->plain) & ~(uint32_t)COOKIE_WORD_SIZE) != COOKIE_BASE)
        return refuse(r, ERR_INVALID, "a histogram that is not in the V2 encoding");
    if (get_u32(r->plain + 4) != size - HLOG_HEADER_BYTES)
        return refuse(r, ERR_MALFORMED, "a histogram is shorter or longer than it says");
    if (get_u32(r->plain + 8) != 0 || ratio != RATIO_ONE)
        return refuse(r, ERR_INVALID, "a histogram of shifted or floating-point values; only whole numbers are read");
    if (!layout_of(r->plain, &layout))
        return refuse(r, ERR_INVALID, "a histogram with impossible digits or limits");
    return read_counts(r, &layout, r->plain + HLOG_HEADER_BYTES, r->plain + size);
}

static int read_histogram(struct hlog_read *r, struct piece base64) {
    size_t size = 0;
    histogram_reset(&r->histogram);
    if (crypto_base64_decode(CRYPTO_BASE64, base64.text, base64.size, r->packed, sizeof r->packed, &size) < 0 ||
        size < HLOG_COMPRESSED_HEADER_BYTES)
        return refuse(r, ERR_MALFORMED, "a histogram is not base64");
    if ((get_u32(r->packed) & ~(uint32_t)COOKIE_WORD_SIZE) != COOKIE_BASE_COMPRESSED)
        return refuse(r, ERR_INVALID, "a histogram that is not in the compressed V2 encoding");
    if (get_u32(r->packed + 4) != size - HLOG_COMPRESSED_HEADER_BYTES)
        return refuse(r, ERR_MALFORMED, "a compressed histogram is shorter or longer than it says");
    CHECK(inflateReset(&r->inflate) == Z_OK);
    r->inflate.next_in = r->packed + HLOG_COMPRESSED_HEADER_BYTES;
    r->inflate.avail_in = (uInt)(size - HLOG_COMPRESSED_HEADER_BYTES);
    r->inflate.next_out = r->plain;
    r->inflate.avail_out = sizeof r->plain;
    int status = inflate(&r->inflate, Z_FINISH);
    if (status == Z_BUF_ERROR && r->inflate.avail_out == 0)
        return refuse(r, ERR_INVALID, "a histogram of more than 1 MiB");
    if (status != Z_STREAM_END || r->inflate.avail_in > 0)
        return refuse(r, ERR_MALFORMED, "a histogram does not decompress");
    return read_plain(r, sizeof r->plain - r->inflate.avail_out);
}

/* --- lines ------------------------------------------------------------------------------------------------------------ */

/* "#[StartTime: 1234.567 (seconds since epoch), …]" and the like for BaseTime. */
static void read_comment(struct hlog_read *r, struct piece line) {
    static const char start[] = "#[StartTime: ", base[] = "#[BaseTime: ";
    bool is_start = line.size >= sizeof start && memcmp(line.text, start, sizeof start - 1) == 0;
    bool is_base = line.size >= sizeof base && memcmp(line.text, base, sizeof base - 1) == 0;
    if (!is_start && !is_base)
        return;
    size_t skip = is_start ? sizeof start - 1 : sizeof base - 1;
    struct piece number = {line.text + skip, 0};
    while (number.size < line.size - skip && number.text[number.size] != ' ' && number.text[number.size] != ']')
        number.size++;
    instant at;
    if (!read_seconds(number, &at))
        return;
    if (is_start && !r->has_start) {
        r->has_start = true;
        r->start_at = at;
        r->so_far.start_unix_ns = at;
    }
    if (is_base && !r->has_base) {
        r->has_base = true;
        r->base_at = at;
    }
}

/* What is to be added to a stamp to make it count from the start time. Without a base, stamps that lie more than a year before the start count
 * from it; others are since 1970. */
static instant offset_for(struct hlog_read *r, instant stamp) {
    enum { YEAR_DAYS = 365 };
    if (r->has_offset)
        return r->offset;
    r->has_offset = true;
    if (r->has_base)
        r->offset = r->base_at - r->start_at;
    else if (!r->has_start)
        r->offset = -stamp; /* nothing says when it began: with the first record */
    else
        r->offset = stamp < r->start_at - YEAR_DAYS * SPAN_DAY ? 0 : -r->start_at;
    return r->offset;
}

static struct piece take_field(struct piece *line, char by) {
    struct piece field = {line->text, 0};
    while (field.size < line->size && field.text[field.size] != by)
        field.size++;
    size_t step = field.size < line->size ? field.size + 1 : field.size;
    line->text += step;
    line->size -= step;
    return field;
}

static int read_record(struct hlog_read *r, struct piece line) {
    static const char prefix[] = "Tag=";
    struct piece tag = {"", 0};
    if (line.size >= sizeof prefix - 1 && memcmp(line.text, prefix, sizeof prefix - 1) == 0) {
        tag = take_field(&line, ',');
        tag.text += sizeof prefix - 1;
        tag.size -= sizeof prefix - 1;
    }
    struct piece start = take_field(&line, ','), length = take_field(&line, ','), max = take_field(&line, ',');
    instant stamp;
    if (!read_seconds(start, &stamp) || !read_seconds(length, &r->record.length) || max.size == 0)
        return refuse(r, ERR_MALFORMED, "a line is no comment and no record");
    if (__builtin_add_overflow(stamp, offset_for(r, stamp), &r->record.start))
        return refuse(r, ERR_INVALID, "a record lies centuries away from the start of its log");
    int status = read_histogram(r, line);
    if (status < 0)
        return status;
    r->record.tag = hlog_read_tag(tag.text, tag.size, r->tag);
    r->record.histogram = &r->histogram;
    return 0;
}

struct hlog_read *hlog_read_new(const char *data, size_t size, int64_t unit_ns) {
    struct hlog_read *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    CHECK(unit_ns > 0);
    r->at = data;
    r->end = data + size;
    r->unit_ns = unit_ns;
    if (inflateInit(&r->inflate) != Z_OK) {
        free(r);
        return NULL;
    }
    return r;
}

void hlog_read_free(struct hlog_read *r) {
    if (r == NULL)
        return;
    inflateEnd(&r->inflate);
    free(r);
}

const struct hlog_read_end *hlog_read_end(const struct hlog_read *r) {
    return &r->so_far;
}

/* The next whole line, without its end; false when there is none. */
static bool next_line(struct hlog_read *r, struct piece *line) {
    size_t left = (size_t)(r->end - r->at), room = left < HLOG_LINE_MAX ? left : HLOG_LINE_MAX;
    const char *newline = memchr(r->at, '\n', room);
    if (newline == NULL) {
        refuse(r, ERR_MALFORMED, left > room ? "a line is too long" : "the last line is cut off");
        return false;
    }
    *line = (struct piece){r->at, (size_t)(newline - r->at)};
    if (line->size > 0 && line->text[line->size - 1] == '\r')
        line->size--;
    r->at = newline + 1;
    return true;
}

/* Reads one line; true when it is a record. */
static bool read_line(struct hlog_read *r) {
    struct piece line;
    if (!next_line(r, &line) || line.size == 0 || line.text[0] == '"')
        return false;
    if (line.text[0] == '#') {
        read_comment(r, line);
        return false;
    }
    return read_record(r, line) == 0;
}

const struct hlog_record *hlog_read_next(struct hlog_read *r) {
    while (r->so_far.error == 0 && r->at < r->end) {
        const char *start = r->at;
        r->so_far.line++;
        if (read_line(r)) {
            r->so_far.records++;
            return &r->record;
        }
        if (r->so_far.error != 0)
            r->so_far.bytes_ignored = (uint64_t)(r->end - start);
    }
    return NULL;
}
