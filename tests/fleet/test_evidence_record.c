#include "fleet/evidence_record.h"

#include <string.h>

#include "harness.h"

static const instant edges[] = {INT64_MIN};
static const struct segments segments = {(instant *)edges, 1};
static char seen[1000];
static uint32_t masked;

static void visit(void *context, const struct evidence_record *r, const uint8_t *data) {
    (void)context;
    size_t size = strlen(seen);
    memcpy(seen + size, data, r->size);
    seen[size + r->size] = '|';
    masked += r->masked;
}

static void add(struct recorder *r, const char *text, uint32_t hidden) {
    struct evidence_record record = {.size = (uint32_t)strlen(text)};
    uint8_t *at = evidence_record_add(r, &record);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memcpy(at, text, record.size);
    evidence_record_masked(at, hidden);
}

static void records_come_out_as_they_went_in(void) {
    struct recorder *r = recorder_new(1, &segments);
    add(r, "one", 0);
    add(r, "", 0);
    add(r, "third of them", 3);
    struct interval *i = recorder_swap(r, NULL, 0);
    evidence_record_each(i, visit, NULL);
    CU_ASSERT_STRING_EQUAL(seen, "one||third of them|");
    CU_ASSERT_EQUAL(masked, 3);
    CU_ASSERT_EQUAL(i->evidence_omitted, 0);
    recorder_free(r);
    interval_free(i);
}

static void a_full_interval_counts_what_it_leaves_out_and_the_next_is_empty(void) {
    struct recorder *r = recorder_new(1, &segments);
    struct evidence_record large = {.size = RECORDER_EVIDENCE_MAX / 4};
    unsigned taken = 0;
    for (int i = 0; i < 10; i++)
        taken += evidence_record_add(r, &large) != NULL;
    CU_ASSERT_EQUAL(taken, 3); /* with their heads, the fourth does not fit */
    recorder_evidence_omitted(r);
    struct interval *i = recorder_swap(r, NULL, 0);
    CU_ASSERT_EQUAL(i->evidence_omitted, 8);
    CU_ASSERT(interval_bytes(i) > 3 * large.size);
    interval_clear(i);
    CU_ASSERT_EQUAL(i->evidence_omitted, 0);
    CU_ASSERT(interval_bytes(i) < large.size);
    evidence_record_each(i, visit, NULL);
    recorder_free(r);
    interval_free(i);
}

HARNESS_MAIN("evidence_record", HARNESS_CASE(records_come_out_as_they_went_in),
             HARNESS_CASE(a_full_interval_counts_what_it_leaves_out_and_the_next_is_empty))
