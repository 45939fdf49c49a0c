#include "import/streams.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"

/* What the sink was told, as text. */
static char heard[2000];
static size_t heard_size;
static uint64_t bytes_heard, gaps_heard;
static unsigned opened_count, ended_count;
static int64_t last_time[2], end_time;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = vsnprintf(heard + heard_size, sizeof heard - heard_size, format, args);
    va_end(args);
    heard_size += size > 0 && heard_size + (size_t)size < sizeof heard ? (size_t)size : 0;
}

static void on_opened(void *context, struct stream *s) {
    (void)context;
    opened_count++;
    note("%s ", s->from_start ? "open" : "midway");
}

static void on_data(void *context, struct stream *s, unsigned side, int64_t unix_ns, struct bytes data) {
    (void)context, (void)s;
    CU_ASSERT_TRUE(unix_ns >= last_time[side]);
    last_time[side] = unix_ns;
    bytes_heard += data.size;
    note("%u:%.*s ", side, (int)data.size < 40 ? (int)data.size : 40, (const char *)data.data);
}

static void on_gap(void *context, struct stream *s, unsigned side, uint64_t size) {
    (void)context, (void)s, (void)side;
    gaps_heard += size;
    note("gap%llu ", (unsigned long long)size);
}

static void on_ended(void *context, struct stream *s, int64_t unix_ns, enum streams_end how, unsigned side) {
    (void)context, (void)s;
    static const char *const names[] = {"fin", "rst", "unseen"};
    end_time = unix_ns;
    ended_count++;
    note("%s%u ", names[how], side);
}

static const struct streams_sink sink = {NULL, on_opened, on_data, on_gap, on_ended};
static struct streams *streams;
static struct address ends[2];
static int64_t now;

static void begin(void) {
    heard_size = 0;
    heard[0] = '\0';
    opened_count = ended_count = 0;
    bytes_heard = gaps_heard = 0;
    last_time[0] = last_time[1] = now = 0;
    CHECK(address_parse("10.0.0.7", 40001, &ends[0]) == 0 && address_parse("192.0.2.1", 1883, &ends[1]) == 0);
    streams = streams_new(&sink);
}

static void seen(unsigned side, unsigned flags, uint32_t seq, const char *text) {
    struct frame_segment g = {.from = ends[side], .to = ends[1 - side], .seq = seq, .flags = (uint8_t)flags};
    g.payload = bytes_of_text(text);
    streams_segment(streams, ++now, &g);
}

static void open_both(uint32_t first, uint32_t second) {
    seen(0, FRAME_SYN, first, "");
    seen(1, FRAME_SYN | FRAME_ACK, second, "");
}

static void is_heard(const char *expected) {
    streams_free(streams);
    CU_ASSERT_STRING_EQUAL(heard, expected);
    CU_ASSERT_EQUAL(opened_count, ended_count);
}

static void bytes_come_in_order_and_once(void) {
    begin();
    open_both(100, 500);
    seen(0, FRAME_ACK, 104, "def"); /* too early */
    seen(0, FRAME_ACK, 107, "ghi");
    seen(0, FRAME_ACK, 101, "abc");
    seen(0, FRAME_ACK, 101, "abc");  /* again */
    seen(0, FRAME_ACK, 108, "hijk"); /* half of it again */
    seen(1, FRAME_ACK, 501, "xyz");
    is_heard("open 0:abc 0:def 0:ghi 0:jk 1:xyz unseen0 ");
}

static void overlaps_give_every_byte_once(void) {
    begin();
    open_both(100, 500);
    seen(0, FRAME_ACK, 105, "efgh");
    seen(0, FRAME_ACK, 103, "cdefghij"); /* held as well, and longer */
    seen(0, FRAME_ACK, 101, "abc");
    is_heard("open 0:abc 0:defghij unseen0 ");
}

static void numbers_wrap_around(void) {
    begin();
    open_both(0xFFFFFFFD, 500);
    seen(0, FRAME_ACK, 2, "efg");
    seen(0, FRAME_ACK, 0xFFFFFFFE, "abcd");
    is_heard("open 0:abcd 0:efg unseen0 ");
}

static void ends_have_their_time_and_their_cause(void) {
    begin();
    open_both(100, 500);
    seen(1, FRAME_FIN | FRAME_ACK, 501, "");
    int64_t closed = now;
    seen(0, FRAME_FIN | FRAME_ACK, 101, "bye");
    seen(0, FRAME_ACK, 101, "after");
    is_heard("open 0:bye fin1 ");
    CU_ASSERT_EQUAL(end_time, closed);
    begin();
    open_both(100, 500);
    seen(0, FRAME_RST, 101, "");
    is_heard("open rst0 ");
    CU_ASSERT_EQUAL(end_time, now);
    begin();
    open_both(100, 500);
    seen(0, FRAME_FIN | FRAME_ACK, 101, ""); /* the other never answers */
    is_heard("open fin0 ");
}

static void a_syn_begins_anew_unless_it_is_sent_again(void) {
    begin();
    seen(0, FRAME_SYN, 100, "");
    seen(0, FRAME_SYN, 100, "");
    seen(1, FRAME_SYN | FRAME_ACK, 500, "");
    seen(0, FRAME_ACK, 101, "one");
    seen(0, FRAME_SYN, 900, "");
    seen(0, FRAME_ACK, 901, "two");
    is_heard("open 0:one unseen0 open 0:two unseen0 ");
}

static void a_capture_may_begin_in_the_middle(void) {
    begin();
    seen(1, FRAME_ACK, 501, "xyz");
    seen(0, FRAME_ACK, 101, "abc");
    is_heard("midway 0:xyz 1:abc unseen0 ");
}

static void what_never_comes_is_a_gap(void) {
    begin();
    open_both(100, 500);
    seen(0, FRAME_ACK, 101, "abc");
    seen(0, FRAME_ACK, 111, "xyz");
    seen(0, FRAME_RST, 114, "");
    is_heard("open 0:abc gap7 0:xyz rst0 ");
    begin();
    open_both(100, 500);
    struct frame_segment cut = {.from = ends[0], .to = ends[1], .seq = 101, .missing = 5};
    cut.payload = bytes_of_text("ab");
    streams_segment(streams, ++now, &cut);
    seen(0, FRAME_ACK, 108, "z");
    is_heard("open 0:ab gap5 0:z unseen0 ");
}

static void what_waits_has_caps(void) {
    char *big = calloc(1, 60001);
    CHECK(big != NULL);
    memset(big, 'x', 60000);
    begin();
    open_both(100, 500);
    for (uint32_t i = 0; i < 40; i++) /* a hole, and 2.4 MB after it */
        seen(0, FRAME_ACK, 200 + i * 60000, big);
    CU_ASSERT_TRUE(gaps_heard == 99 && bytes_heard == 40 * 60000);
    streams_free(streams);
    free(big);
    begin();
    open_both(100, 500);
    for (uint32_t i = 0; i < 3 * STREAMS_HELD_COUNT; i++) /* every second byte */
        seen(0, FRAME_ACK, 102 + 2 * i, "x");
    CU_ASSERT_TRUE(bytes_heard >= 2 * STREAMS_HELD_COUNT && gaps_heard >= 2 * STREAMS_HELD_COUNT);
    streams_free(streams);
    begin();
    open_both(100, 500);
    seen(0, FRAME_ACK, 101 + STREAMS_AHEAD_MAX + 1, "stray");
    is_heard("open unseen0 ");
}

static void so_many_connections_are_known(void) {
    begin();
    for (uint32_t i = 0; i < STREAMS_MAX + 10; i++) {
        ends[0] = address_offset(&ends[0], 1);
        seen(0, FRAME_SYN, 1, "");
    }
    CU_ASSERT_EQUAL(opened_count, STREAMS_MAX + 10);
    CU_ASSERT_EQUAL(ended_count, 10); /* those that were silent longest */
    streams_free(streams);
    CU_ASSERT_EQUAL(ended_count, opened_count);
}

static void bytes_may_come_put_together(void) {
    begin();
    streams_put(streams, 1, &ends[0], &ends[1], bytes_of_text("hello"), true);
    streams_put(streams, 2, &ends[1], &ends[0], bytes_of_text("hi"), false);
    streams_put(streams, 3, &ends[0], &ends[1], bytes_of_text("again"), true);
    is_heard("open 0:hello 1:hi unseen0 open 0:again unseen0 ");
}

HARNESS_MAIN("import/streams", HARNESS_CASE(bytes_come_in_order_and_once), HARNESS_CASE(overlaps_give_every_byte_once),
             HARNESS_CASE(numbers_wrap_around), HARNESS_CASE(ends_have_their_time_and_their_cause),
             HARNESS_CASE(a_syn_begins_anew_unless_it_is_sent_again), HARNESS_CASE(a_capture_may_begin_in_the_middle),
             HARNESS_CASE(what_never_comes_is_a_gap), HARNESS_CASE(what_waits_has_caps),
             HARNESS_CASE(so_many_connections_are_known), HARNESS_CASE(bytes_may_come_put_together))
