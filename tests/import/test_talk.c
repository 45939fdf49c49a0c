#include "import/talk.h"

#include <stdarg.h>
#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "harness.h"
#include "made.h"
#include "transport/capture.h"

static struct made made;
static char heard[2000];
static size_t heard_size;
static struct talk_counts counts;

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = vsnprintf(heard + heard_size, sizeof heard - heard_size, format, args);
    va_end(args);
    heard_size += size > 0 && heard_size + (size_t)size < sizeof heard ? (size_t)size : 0;
}

static int ms_of(int64_t unix_ns) {
    return (int)((unix_ns - MADE_START_S * SPAN_S) / SPAN_MS);
}

static void on_begun(void *context, struct talk *t, int64_t unix_ns, const struct mqtt_packet *p) {
    (void)context;
    note("%.*s v%u opened %d connect %d; ", (int)p->connect.client_id.size, (const char *)p->connect.client_id.data,
         t->version, ms_of(t->opened_ns), ms_of(unix_ns));
}

static void on_said(void *context, struct talk *t, int64_t unix_ns, enum mqtt_role by, const struct mqtt_packet *p) {
    (void)context, (void)t;
    note("%s %s %d; ", by == MQTT_CLIENT ? "c" : "s", mqtt_tables_packets[p->type].name, ms_of(unix_ns));
}

static void on_ended(void *context, struct talk *t, int64_t unix_ns, enum streams_end how, enum mqtt_role by) {
    (void)context;
    note("end %d %d by %s%s", ms_of(unix_ns), how, by == MQTT_CLIENT ? "c" : "s", t->deaf_ns > 0 ? " deaf" : "");
    note("; ");
}

static void on_tried(void *context, const struct address *client, const struct address *server, int64_t unix_ns) {
    (void)context, (void)client, (void)server;
    note("tried %d; ", ms_of(unix_ns));
}

static void is_heard(const char *expected) {
    static const struct talk_sink sink = {NULL, on_begun, on_said, on_ended, on_tried};
    char why[TALK_WHY_MAX];
    FILE *f = made_file(&made);
    heard_size = 0;
    heard[0] = '\0';
    CU_ASSERT_EQUAL(talk_read(f, &sink, &counts, why), 0);
    CU_ASSERT_STRING_EQUAL(heard, expected);
    fclose(f);
}

static void a_conversation_is_followed_on_any_port(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 100, "dev", MQTT_5_0);
    made_say(&c, 0, 150, &(struct mqtt_packet){.type = MQTT_PINGREQ, .version = MQTT_5_0});
    made_say(&c, 1, 151, &(struct mqtt_packet){.type = MQTT_PINGRESP, .version = MQTT_5_0});
    made_say(&c, 0, 200, &(struct mqtt_packet){.type = MQTT_DISCONNECT, .version = MQTT_5_0});
    made_close(&c, 0, 201);
    is_heard("dev v5 opened 100 connect 101; s CONNACK 102; c PINGREQ 150; s PINGRESP 151; c DISCONNECT 200; "
             "end 201 0 by c; ");
    CU_ASSERT_EQUAL(counts.mqtt.count, 1);
}

static void packets_may_be_cut_anywhere_and_share_segments(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_open(&c, 0);
    static const uint8_t bytes[] = "\x10\x0f\0\4MQTT\4\2\0\x3c\0\3dev\x30\5\0\1txy\xc0\0";
    for (size_t i = 0; i < sizeof bytes - 4; i++)
        made_segment(&c, 0, (int64_t)i, FRAME_ACK, bytes_of(bytes + i, 1));
    made_segment(&c, 0, 90, FRAME_ACK, bytes_of(bytes + sizeof bytes - 4, 3));
    made_segment(&c, 0, 95, FRAME_RST, bytes_of(NULL, 0));
    is_heard("dev v4 opened 0 connect 0; c PUBLISH 17; c PINGREQ 90; end 95 1 by c; ");
}

static void what_cannot_be_read_is_counted_by_kind(void) {
    static const struct {
        const char *bytes;
        size_t size;
    } others[] = {{"\x16\x03\x01\x02\x00\x01", 6},
                  {"GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", 42},
                  {"\x10\x11\0\6MQIsdp\3\2\0\x3c\0\3dev", 19},
                  {"\x10\x0f\0\4MQTT\4\3\0\x3c\0\3dev", 17}, /* a reserved flag */
                  {"EHLO example", 12},
                  {"GET / HTTP/1.1\r\n", 16}};
    made_begin(&made);
    for (uint16_t i = 0; i < COUNT_OF(others); i++) {
        struct made_connection c = made_connection(&made, 7, (uint16_t)(40001 + i));
        made_open(&c, 0);
        made_segment(&c, 0, 1, FRAME_ACK, bytes_of(others[i].bytes, others[i].size));
        made_close(&c, 0, 2);
    }
    struct made_connection late = made_connection(&made, 8, 1);
    made_segment(&late, 0, 5, FRAME_ACK, bytes_of("\xc0\0", 2));
    struct made_connection refused = made_connection(&made, 9, 2);
    made_segment(&refused, 0, 6, FRAME_SYN, bytes_of(NULL, 0));
    made_segment(&refused, 1, 6, FRAME_RST | FRAME_ACK, bytes_of(NULL, 0));
    is_heard("tried 6; ");
    CU_ASSERT_TRUE(counts.encrypted.count == 1 && counts.websocket.count == 1 && counts.mqtt31.count == 1);
    CU_ASSERT_TRUE(counts.broken.count == 1 && counts.other.count == 2 && counts.midway.count == 1);
}

static void a_capture_may_miss_the_syn(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001), unopened = c;
    made_join(&c, 100, "dev", MQTT_3_1_1);
    made.w.at = made.data + 24; /* only the sequence numbers of the opening are gone */
    unopened.next[0]++;
    unopened.next[1]++;
    struct mqtt_packet connect = {.type = MQTT_CONNECT, .version = MQTT_3_1_1};
    connect.connect.client_id = bytes_of_text("dev");
    connect.connect.clean_start = true;
    made_say(&unopened, 0, 101, &connect);
    is_heard("dev v4 opened 101 connect 101; end 101 2 by c; ");
}

static void lost_bytes_cost_the_packet_they_were_in(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "dev", MQTT_3_1_1);
    made_segment(&c, 0, 10, FRAME_ACK, bytes_of("\x30\x0a\0\1txxx", 8)); /* four bytes of its payload … */
    c.next[0] += 3;                                                      /* … of which three are lost */
    made_segment(&c, 0, 12, FRAME_ACK, bytes_of("x\xc0\0", 3));
    made_segment(&c, 0, 13, FRAME_RST, bytes_of(NULL, 0));
    is_heard("dev v4 opened 0 connect 1; s CONNACK 2; c PINGREQ 12; end 13 1 by c; ");
    made_begin(&made);
    c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "dev", MQTT_3_1_1);
    c.next[0] += 30; /* whole packets */
    made_segment(&c, 0, 12, FRAME_ACK, bytes_of("\xc0\0", 2));
    made_segment(&c, 0, 13, FRAME_RST, bytes_of(NULL, 0));
    is_heard("dev v4 opened 0 connect 1; s CONNACK 2; end 13 1 by c deaf; ");
}

static void packets_above_the_cap_are_passed_over(void) {
    static uint8_t big[60000];
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "dev", MQTT_3_1_1);
    size_t rest = (3 << 20) / 5; /* of a packet that says it has 2 MiB, a part */
    made_segment(&c, 0, 10, FRAME_ACK, bytes_of("\x30\x80\x80\x80\x01", 5));
    for (size_t sent = 0; sent < rest; sent += sizeof big)
        made_segment(&c, 0, 11, FRAME_ACK, bytes_of(big, sizeof big));
    is_heard("dev v4 opened 0 connect 1; s CONNACK 2; end 11 2 by c; ");
}

static void exported_packets_are_read_as_well(void) {
    struct capture_packet p = {.unix_ns = MADE_START_S * SPAN_S, .dissector = "mqtt", .sent = true};
    CHECK(address_parse("10.0.0.7", 4000, &p.from) == 0 && address_parse("192.0.2.1", 1883, &p.to) == 0);
    p.data = bytes_of("\x10\x0f\0\4MQTT\4\2\0\x3c\0\3dev", 17);
    made.w = bytes_writer_of(made.data, sizeof made.data);
    capture_section(&made.w, "test", NULL);
    capture_packet(&made.w, &p);
    p.unix_ns += 5 * SPAN_MS;
    p.data = bytes_of("\xc0\0", 2);
    capture_packet(&made.w, &p);
    p.unix_ns += 5 * SPAN_MS; /* another connection, although its addresses are the same */
    p.data = bytes_of("\x10\x0f\0\4MQTT\4\2\0\x3c\0\3two", 17);
    capture_packet(&made.w, &p);
    p.dissector = "tls";
    capture_packet(&made.w, &p);
    p.dissector = "mqtt";
    p.unix_ns += 5 * SPAN_MS;
    p.data = bytes_of("\x30\x07\0\1t", 5);
    capture_packet(&made.w, &p);
    p.data = bytes_of("\x10\x0a\0\4", 4); /* the rest of it, which begins like a CONNECT */
    capture_packet(&made.w, &p);
    is_heard("dev v4 opened 0 connect 0; c PINGREQ 5; end 5 2 by c; two v4 opened 10 connect 10; c PUBLISH 15; "
             "end 15 2 by c; ");
}

HARNESS_MAIN("import/talk", HARNESS_CASE(a_conversation_is_followed_on_any_port),
             HARNESS_CASE(packets_may_be_cut_anywhere_and_share_segments),
             HARNESS_CASE(what_cannot_be_read_is_counted_by_kind), HARNESS_CASE(a_capture_may_miss_the_syn),
             HARNESS_CASE(lost_bytes_cost_the_packet_they_were_in), HARNESS_CASE(packets_above_the_cap_are_passed_over),
             HARNESS_CASE(exported_packets_are_read_as_well))
