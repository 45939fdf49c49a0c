#include "report/facts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define AT(member) offsetof(struct run_facts, member)

const struct facts_row facts_rows[] = {
    {"finished", AT(finished), FACTS_BOOL, FACTS_LEAST, "the timeline came to its end"},
    {"signal", AT(signal), FACTS_INT, FACTS_GREATEST, "the signal that ended the run; 0: none"},
    {"started_unix_ns", AT(started_unix_ns), FACTS_I64, FACTS_LEAST, "the wall clock at t = 0"},
    {"ended_ns", AT(ended), FACTS_I64, FACTS_GREATEST, "the length of the run with settling"},
    {"settle_start_ns", AT(settle_start), FACTS_I64, FACTS_LEAST, "when settling began"},
    {"settle_end_ns", AT(settle_end), FACTS_I64, FACTS_GREATEST, "and ended"},
    {"devices_here", AT(devices_here), FACTS_U32, FACTS_SUM, "devices of this shard"},
    {"workers", AT(workers), FACTS_UNSIGNED, FACTS_SUM, "threads that drove them"},
    {"private_descriptor_tables", AT(private_descriptor_tables), FACTS_BOOL, FACTS_GREATEST,
     "each worker had a descriptor table of its own"},
    {"true_silence", AT(true_silence), FACTS_BOOL, FACTS_LEAST, "silent links were silent for the backend's TCP"},
    {"online_end", AT(online_end), FACTS_U64, FACTS_SUM, "devices online at the end of settling"},
    {"decisions_hash", AT(decisions_hash), FACTS_HEX, FACTS_SUM, "what was due in the run; shards' sums add up"},
    {"trace_hash", AT(trace_hash), FACTS_HEX, FACTS_SUM, "simulated time: the hash of every step"},
    {"steps", AT(steps), FACTS_U64, FACTS_SUM, "simulated time: steps of devices"},
    {"recording_omitted", AT(recording_omitted), FACTS_U64, FACTS_SUM, "records that did not fit into the recording"},
    {"guard_held", AT(guard_held), FACTS_U64, FACTS_SUM, "operations that the safety guard held back"},
    {"guard_refused", AT(guard_refused), FACTS_U64, FACTS_SUM, "connects that it refused"},
    {"cpu_s", AT(cpu_s), FACTS_DOUBLE, FACTS_SUM, "processor time of the process"},
    {"rss_peak_bytes", AT(rss_peak_bytes), FACTS_U64, FACTS_SUM, "its memory at most"},
    {"bytes_per_device", AT(bytes_per_device), FACTS_DOUBLE, FACTS_MEAN, "memory gained by the fleet, per device"},
    {"builtin_target", AT(builtin_target), FACTS_BOOL, FACTS_GREATEST, "a target was the built-in broker"},
    {"audit_on", AT(audit.on), FACTS_BOOL, FACTS_LEAST, "an observer audited the messages"},
    {"audit_granted_qos", AT(audit.granted), FACTS_UNSIGNED, FACTS_LEAST, "the lowest QoS that it was granted"},
    {"backend_on", AT(backend.on), FACTS_BOOL, FACTS_GREATEST, "the backend's own use was watched"},
    {"backend_gone", AT(backend.gone), FACTS_BOOL, FACTS_GREATEST, "its process ended before the run did"},
    {"backend_has_cpu", AT(backend.has_cpu), FACTS_BOOL, FACTS_GREATEST, "its processor time is known"},
    {"backend_has_rss", AT(backend.has_rss), FACTS_BOOL, FACTS_GREATEST, "its memory is known"},
    {"backend_cpu_s", AT(backend.cpu_s), FACTS_DOUBLE, FACTS_GREATEST, "its processor time from t = 0 on"},
    {"backend_cpu_share_max", AT(backend.cpu_share_max), FACTS_DOUBLE, FACTS_GREATEST, "the most in a second"},
    {"backend_rss_first_bytes", AT(backend.rss_first_bytes), FACTS_U64, FACTS_LEAST, "its memory at t = 0"},
    {"backend_rss_peak_bytes", AT(backend.rss_peak_bytes), FACTS_U64, FACTS_GREATEST, "and at most"},
    {"backend_rss_online_bytes", AT(backend.rss_online_bytes), FACTS_U64, FACTS_GREATEST,
     "and when most devices were online,"},
    {"backend_online_peak", AT(backend.online_peak), FACTS_U64, FACTS_SUM, "which were so many"},
    {"backend_threads_peak", AT(backend.threads_peak), FACTS_U32, FACTS_GREATEST, "its threads at most"},
    {"backend_descriptors_peak", AT(backend.descriptors_peak), FACTS_U32, FACTS_GREATEST, "its descriptors at most"},
    {NULL, 0, FACTS_BOOL, FACTS_SUM, NULL},
};

static const size_t sizes[] = {
    [FACTS_BOOL] = sizeof(bool),     [FACTS_INT] = sizeof(int),      [FACTS_UNSIGNED] = sizeof(unsigned),
    [FACTS_U32] = sizeof(uint32_t),  [FACTS_U64] = sizeof(uint64_t), [FACTS_I64] = sizeof(int64_t),
    [FACTS_DOUBLE] = sizeof(double), [FACTS_HEX] = sizeof(uint64_t),
};

/* The value of any type; only the member of its type is set. */
union value {
    bool truth;
    int number;
    unsigned small;
    uint32_t u32;
    uint64_t u64;
    int64_t i64;
    double real;
};

static union value get(const struct run_facts *f, const struct facts_row *row) {
    union value v = {.u64 = 0};
    memcpy(&v, (const char *)f + row->offset, sizes[row->type]);
    return v;
}

static void set(struct run_facts *f, const struct facts_row *row, union value v) {
    memcpy((char *)f + row->offset, &v, sizes[row->type]);
}

void facts_write(struct json_write *w, const struct run_facts *f) {
    for (const struct facts_row *row = facts_rows; row->key != NULL; row++) {
        union value v = get(f, row);
        char hex[20];
        switch (row->type) {
        case FACTS_BOOL:
            json_write_member_bool(w, row->key, v.truth);
            break;
        case FACTS_INT:
            json_write_member_int(w, row->key, v.number);
            break;
        case FACTS_UNSIGNED:
            json_write_member_uint(w, row->key, v.small);
            break;
        case FACTS_U32:
            json_write_member_uint(w, row->key, v.u32);
            break;
        case FACTS_U64:
            json_write_member_uint(w, row->key, v.u64);
            break;
        case FACTS_I64:
            json_write_member_int(w, row->key, v.i64);
            break;
        case FACTS_DOUBLE:
            json_write_member_double(w, row->key, v.real);
            break;
        case FACTS_HEX:
            snprintf(hex, sizeof hex, "%016llx", (unsigned long long)v.u64);
            json_write_member_string(w, row->key, hex);
        }
    }
}

static bool read_hex(const struct json_value *v, uint64_t *out) {
    char text[20], *end;
    if (!json_read_string(v, text, sizeof text) || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
        return false;
    *out = strtoull(text, &end, 16);
    return true;
}

static bool read_value(const struct facts_row *row, const struct json_value *json, union value *v) {
    uint64_t number = 0;
    int64_t whole = 0;
    bool fits = false;
    switch (row->type) {
    case FACTS_BOOL:
        return json_read_bool(json, &v->truth);
    case FACTS_INT:
        fits = json_read_int(json, &whole) && whole >= INT32_MIN && whole <= INT32_MAX;
        v->number = (int)whole;
        return fits;
    case FACTS_UNSIGNED:
    case FACTS_U32:
        fits = json_read_uint(json, &number) && number <= UINT32_MAX;
        v->u32 = (uint32_t)number;
        return fits;
    case FACTS_U64:
        return json_read_uint(json, &v->u64);
    case FACTS_I64:
        return json_read_int(json, &v->i64);
    case FACTS_DOUBLE:
        return json_read_double(json, &v->real);
    case FACTS_HEX:
        return read_hex(json, &v->u64);
    }
    return false;
}
_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "one case reads both");

bool facts_read(const struct json_read *doc, const struct json_value *object, struct run_facts *f) {
    bool sound = true;
    for (const struct facts_row *row = facts_rows; row->key != NULL; row++) {
        const struct json_value *json = json_read_get(doc, object, row->key);
        union value v = {.u64 = 0};
        if (json == NULL)
            continue;
        if (read_value(row, json, &v))
            set(f, row, v);
        else
            sound = false;
    }
    return sound;
}

/* Order and sum of two values; wrapping for hashes and harmless elsewhere. */
static int compare(enum facts_type type, union value a, union value b) {
    switch (type) {
    case FACTS_BOOL:
        return a.truth - b.truth;
    case FACTS_INT:
        return (a.number > b.number) - (a.number < b.number);
    case FACTS_UNSIGNED:
    case FACTS_U32:
        return (a.u32 > b.u32) - (a.u32 < b.u32);
    case FACTS_I64:
        return (a.i64 > b.i64) - (a.i64 < b.i64);
    case FACTS_DOUBLE:
        return (a.real > b.real) - (a.real < b.real);
    default:
        return (a.u64 > b.u64) - (a.u64 < b.u64);
    }
}

static union value add(enum facts_type type, union value a, union value b) {
    if (type == FACTS_DOUBLE)
        return (union value){.real = a.real + b.real};
    if (type == FACTS_UNSIGNED || type == FACTS_U32)
        return (union value){.u32 = a.u32 + b.u32};
    CHECK(type == FACTS_U64 || type == FACTS_HEX);
    return (union value){.u64 = a.u64 + b.u64};
}

static union value merged(const struct facts_row *row, union value a, union value b, unsigned before) {
    int order = compare(row->type, a, b);
    switch (row->merge) {
    case FACTS_SUM:
        return add(row->type, a, b);
    case FACTS_GREATEST:
        return order < 0 ? b : a;
    case FACTS_LEAST:
        return order > 0 ? b : a;
    case FACTS_MEAN:
        CHECK(row->type == FACTS_DOUBLE);
        return (union value){.real = a.real + (b.real - a.real) / (before + 1)};
    }
    return a;
}

void facts_merge(struct run_facts *into, const struct run_facts *from, unsigned before) {
    for (const struct facts_row *row = facts_rows; row->key != NULL; row++) {
        union value v = get(from, row);
        set(into, row, before == 0 ? v : merged(row, get(into, row), v, before));
    }
}
