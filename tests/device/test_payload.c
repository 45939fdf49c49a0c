#include "device/payload.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/draw.h"
#include "base/err.h"
#include "harness.h"

enum {
    EVERYTHING = TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE | TEMPLATE_OF_SIGNAL | TEMPLATE_OF_SECRET | TEMPLATE_RANDOMS |
                 TEMPLATE_HMACS
};

static const char *const words[] = {"closed", "open"};
static const uint32_t weights[] = {1, 1};
static const struct signal signals[] = {
    {.name = "temp", .kind = SIGNAL_WALK},
    {.name = "door", .kind = SIGNAL_CHOICE, .words = words, .weights = weights, .word_count = 2, .weight_sum = 2},
};
static const char *const signal_names[] = {"temp", "door"};
static const struct fleet_group group = {
    .fleet = "meters", .profile_name = "old", .region = "eu-west", .signals = signals, .signal_count = 2};

static struct payload_context context(const double *values) {
    return (struct payload_context){.group = &group,
                                    .run_id = "a1b2",
                                    .seed = 42,
                                    .device = 1007,
                                    .index = 7,
                                    .seq = 3,
                                    .intended = 5 * SPAN_S,
                                    .unix_ms = 1767225605000,
                                    .signals = values};
}

static struct template compiled(const char *text) {
    struct template t = {0};
    struct template_error error;
    CU_ASSERT_EQUAL_FATAL(template_compile(text, EVERYTHING, signal_names, 2, &t, &error), 0);
    return t;
}

/* What `text` renders to, in a buffer of its own. */
static const char *rendered(const char *text, const struct payload_context *c) {
    static char buffer[4096];
    struct template t = compiled(text);
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer - 1);
    CU_ASSERT_EQUAL(payload_render(&t, c, &w), 0);
    buffer[bytes_written(&w)] = '\0';
    template_free(&t);
    return buffer;
}

static void variables_are_replaced(void) {
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"home/${device.id}/temp", "home/meters-7/temp"},
        {"${device.index}|${device.fleet}|${device.profile}|${device.region}", "7|meters|old|eu-west"},
        {"${run.id}/${msg.seq}/${msg.time}", "a1b2/3/1767225605000"},
        {"$${msg.seq}", "${msg.seq}"},
        {"{\"t\": ${signal.temp:.1f}, \"n\": ${msg.seq}}", "{\"t\": 21.5, \"n\": 3}"},
        {"${signal.temp}|${signal.temp:.0f}|${signal.temp:.4f}|${signal.door}", "21.46|21|21.4600|open"},
    };
    double values[] = {21.46, 1};
    struct payload_context c = context(values);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_STRING_EQUAL(rendered(rows[i].text, &c), rows[i].want);
}

static void numbers_are_as_short_as_they_can_be(void) {
    static const struct {
        double value;
        const char *want;
    } rows[] = {{0, "0"},   {5, "5"},        {-0.1, "-0.1"},     {0.1 + 0.2, "0.30000000000000004"}, {1e21, "1e+21"},
                {21, "21"}, {1e15, "1e+15"}, {123456, "123456"}, {1.0 / 3, "0.3333333333333333"},    {65536, "65536"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double values[] = {rows[i].value, 0};
        struct payload_context c = context(values);
        CU_ASSERT_STRING_EQUAL(rendered("${signal.temp}", &c), rows[i].want);
        CU_ASSERT_EQUAL(strtod(rendered("${signal.temp}", &c), NULL), rows[i].value);
    }
    double largest[] = {-DBL_MAX, 0};
    struct payload_context c = context(largest);
    CU_ASSERT_EQUAL(strlen(rendered("${signal.temp:.9f}", &c)), 1 + 309 + 1 + 9);
}

static void the_largest_numbers_fit(void) {
    struct payload_context c = context(NULL);
    c.index = c.seq = UINT32_MAX;
    c.unix_ms = INT64_MIN;
    CU_ASSERT_STRING_EQUAL(rendered("${device.index} ${msg.seq} ${msg.time}", &c),
                           "4294967295 4294967295 -9223372036854775808");
}

static void the_mark_stands_where_it_is_named(void) {
    struct payload_context c = context(NULL);
    const char *text = rendered("<${msg.mark}>", &c);
    struct payload_mark found;
    CU_ASSERT_EQUAL(strlen(text), 2 + PAYLOAD_MARK_SIZE);
    CU_ASSERT(payload_mark_decode(text + 1, &found));
    CU_ASSERT_EQUAL(found.run, 0xa1b2);
    CU_ASSERT_EQUAL(found.device, 1007);
    CU_ASSERT_EQUAL(found.sequence, 3);
    CU_ASSERT_EQUAL(found.intended_us, 5000000);
}

/* Known answer: Python's hmac.new(b"k3y", b"meters-7", "sha256").hexdigest(). */
static void hmac_is_the_digest_in_lower_case_hex(void) {
    struct payload_context c = context(NULL);
    setenv("MUSTER_SECRET_FLEET", "k3y", 1);
    struct template t = compiled("hmac(${secret.FLEET}, ${device.id})");
    struct secret_table secrets = {0};
    char why[200], text[65] = "";
    CU_ASSERT_EQUAL(secret_table_load(&secrets, &t, why, sizeof why), 0);
    c.secrets = &secrets;
    struct bytes_writer w = bytes_writer_of(text, 64);
    CU_ASSERT_EQUAL(payload_render(&t, &c, &w), 0);
    CU_ASSERT_STRING_EQUAL(text, "c8caa9eaffe104381a4cb455de4ae08ce9f02e1f2fd8350591fe4f84eb0e58d7");
    template_free(&t);
    secret_table_free(&secrets);
}

static void a_missing_secret_is_an_error(void) {
    struct payload_context c = context(NULL);
    static const char *const texts[] = {"x${secret.NONE}", "hmac(${secret.NONE}, a)"};
    for (int i = 0; i < 2; i++) {
        struct template t = compiled(texts[i]);
        uint8_t buffer[100];
        struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
        CU_ASSERT_EQUAL(payload_render(&t, &c, &w), ERR_NOT_FOUND);
        template_free(&t);
    }
}

static void every_buffer_that_is_too_small_is_noticed(void) {
    double values[] = {21.46, 1};
    struct payload_context c = context(values);
    static const char *const texts[] = {"home/${device.id}/${signal.temp:.3f}/${msg.mark}", "random(40B)",
                                        "choice(abc:1)", "hmac(k, ${device.id})"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct template t = compiled(texts[i]);
        uint8_t buffer[128];
        struct bytes_writer whole = bytes_writer_of(buffer, sizeof buffer);
        CU_ASSERT_EQUAL(payload_render(&t, &c, &whole), 0);
        for (size_t room = 0; room < bytes_written(&whole); room++) {
            uint8_t *exact = malloc(room > 0 ? room : 1);
            struct bytes_writer w = bytes_writer_of(exact, room);
            CU_ASSERT_EQUAL(payload_render(&t, &c, &w), ERR_TOO_BIG);
            CU_ASSERT(w.failed);
            free(exact);
        }
        template_free(&t);
    }
}

static void random_bytes_are_keyed_by_device_and_message(void) {
    struct payload_context c = context(NULL), next = c, other = c;
    next.seq++;
    other.device++;
    uint8_t a[64], b[64], want[64];
    struct bytes_writer w = bytes_writer_of(a, sizeof a);
    CU_ASSERT_EQUAL(payload_random(&c, 64, false, &w), 0);
    draw_fill(42, 1007, draw_stream_key(DRAW_PAYLOAD_RANDOM), 3, want, sizeof want);
    CU_ASSERT_EQUAL(memcmp(a, want, 64), 0);
    w = bytes_writer_of(b, sizeof b);
    CU_ASSERT_EQUAL(payload_random(&next, 64, false, &w), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, 64), 0);
    w = bytes_writer_of(b, sizeof b);
    CU_ASSERT_EQUAL(payload_random(&other, 64, false, &w), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, 64), 0);
}

static void random_bytes_carry_the_mark_at_their_head(void) {
    struct payload_context c = context(NULL);
    struct payload_mark found;
    uint8_t marked[64], plain[64];
    for (uint32_t size = 0; size <= 64; size++) {
        struct bytes_writer w = bytes_writer_of(marked, sizeof marked);
        CU_ASSERT_EQUAL(payload_random(&c, size, true, &w), 0);
        CU_ASSERT_EQUAL(bytes_written(&w), size);
        bool has_mark = payload_mark_find(bytes_of(marked, size), 0xa1b2, 2000, &found);
        CU_ASSERT_EQUAL(has_mark, size >= PAYLOAD_MARK_SIZE);
    }
    struct bytes_writer w = bytes_writer_of(plain, sizeof plain);
    CU_ASSERT_EQUAL(payload_random(&c, 64, false, &w), 0);
    CU_ASSERT_EQUAL(memcmp(marked + PAYLOAD_MARK_SIZE, plain + PAYLOAD_MARK_SIZE, 64 - PAYLOAD_MARK_SIZE), 0);
}

static void a_choice_keeps_its_weights(void) {
    struct template t = compiled("choice(ok:0.8, warn:0.15, fail:0.05)");
    struct payload_context c = context(NULL);
    enum { N = 20000 };
    unsigned ok = 0, warn = 0, fail = 0;
    for (c.seq = 1; c.seq <= N; c.seq++) {
        char text[8] = "";
        struct bytes_writer w = bytes_writer_of(text, sizeof text - 1);
        CU_ASSERT_EQUAL_FATAL(payload_render(&t, &c, &w), 0);
        ok += strcmp(text, "ok") == 0;
        warn += strcmp(text, "warn") == 0;
        fail += strcmp(text, "fail") == 0;
    }
    CU_ASSERT_EQUAL(ok + warn + fail, N);
    CU_ASSERT_DOUBLE_EQUAL(ok, 0.8 * N, 200);
    CU_ASSERT_DOUBLE_EQUAL(fail, 0.05 * N, 120);
    template_free(&t);
}

static void a_message_is_random_or_rendered_as_its_stream_says(void) {
    struct payload_context c = context(NULL);
    struct telemetry text = {.payload = compiled("n=${msg.seq}")};
    struct telemetry random = {.random_size = 32, .mark = MARK_HEAD};
    struct payload_mark found;
    uint8_t buffer[64];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    CU_ASSERT_EQUAL(payload_of_message(&text, &c, &w), 0);
    CU_ASSERT(bytes_equal(bytes_of(buffer, bytes_written(&w)), bytes_of_text("n=3")));
    w = bytes_writer_of(buffer, sizeof buffer);
    CU_ASSERT_EQUAL(payload_of_message(&random, &c, &w), 0);
    CU_ASSERT_EQUAL(bytes_written(&w), 32);
    CU_ASSERT(payload_mark_find(bytes_of(buffer, 32), 0xa1b2, 2000, &found));
    random.mark = MARK_NONE;
    w = bytes_writer_of(buffer, sizeof buffer);
    CU_ASSERT_EQUAL(payload_of_message(&random, &c, &w), 0);
    CU_ASSERT_FALSE(payload_mark_find(bytes_of(buffer, 32), 0xa1b2, 2000, &found));
    template_free(&text.payload);
}

static void a_listed_message_has_its_own_payload(void) {
    struct telemetry_message listed[] = {{.payload = compiled("a ${msg.seq}")}, {.random_size = 30}};
    struct telemetry t = {.messages = listed, .message_count = 2};
    static const size_t sizes[] = {3, 3, 30, 3};
    for (uint32_t n = 0; n < 4; n++) { /* 0 is the first as well, and after the last they begin again */
        struct payload_context c = context(NULL);
        uint8_t buffer[64];
        struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
        c.n = n;
        CU_ASSERT_EQUAL(payload_of_message(&t, &c, &w), 0);
        CU_ASSERT_EQUAL(bytes_written(&w), sizes[n]);
    }
    template_free(&listed[0].payload);
}

HARNESS_MAIN("payload", HARNESS_CASE(variables_are_replaced), HARNESS_CASE(numbers_are_as_short_as_they_can_be),
             HARNESS_CASE(the_largest_numbers_fit), HARNESS_CASE(the_mark_stands_where_it_is_named),
             HARNESS_CASE(hmac_is_the_digest_in_lower_case_hex), HARNESS_CASE(a_missing_secret_is_an_error),
             HARNESS_CASE(every_buffer_that_is_too_small_is_noticed),
             HARNESS_CASE(random_bytes_are_keyed_by_device_and_message),
             HARNESS_CASE(random_bytes_carry_the_mark_at_their_head), HARNESS_CASE(a_choice_keeps_its_weights),
             HARNESS_CASE(a_message_is_random_or_rendered_as_its_stream_says),
             HARNESS_CASE(a_listed_message_has_its_own_payload))
