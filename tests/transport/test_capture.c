#include "transport/capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"

enum { ROOM = 1 << 20, SEEN_MAX = 8 };

static uint8_t file[ROOM];
static struct {
    struct capture_packet packet;
    uint8_t data[64];
    char comment[64], dissector[16];
} seen[SEEN_MAX];
static unsigned seen_count;

static void visit(void *context, const struct capture_packet *p) {
    (void)context;
    CHECK(seen_count < SEEN_MAX);
    seen[seen_count].packet = *p;
    if (p->data.size > 0)
        memcpy(seen[seen_count].data, p->data.data,
               p->data.size < sizeof seen->data ? p->data.size : sizeof seen->data);
    strncpy(seen[seen_count].comment, p->comment, sizeof seen->comment - 1);
    strncpy(seen[seen_count].dissector, p->dissector, sizeof seen->dissector - 1);
    seen_count++;
}

static struct address at(const char *ip, uint16_t port) {
    struct address a = {0};
    CHECK(address_parse(ip, port, &a) == 0);
    return a;
}

static struct capture_packet example(void) {
    return (struct capture_packet){.unix_ns = 1795336200123456789,
                                   .dissector = "mqtt",
                                   .from = at("10.0.0.7", 40001),
                                   .to = at("192.0.2.1", 1883),
                                   .sent = true,
                                   .data = bytes_of("\xc0\x00", 2),
                                   .comment = "device: meters-7"};
}

static struct capture_read read_back(const struct bytes_writer *w) {
    seen_count = 0;
    memset(seen, 0, sizeof seen);
    CHECK(!w->failed);
    return capture_read(bytes_of(w->start, bytes_written(w)), visit, NULL);
}

/* Block types, lengths and places as draft-ietf-opsawg-pcapng draws them (figures of 4.1, 4.2 and 4.3). */
static void blocks_are_those_of_the_specification(void) {
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    capture_section(&w, "muster", "run");
    static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a, 0,   0,   0,   52,  0x1a, 0x2b, 0x3c, 0x4d, 0,
                                      1,    0,    0,    255,  255, 255, 255, 255, 255,  255,  255,  0,    1,
                                      0,    3,    'r',  'u',  'n', 0,   0,   4,   0,    6,    'm',  'u',  's',
                                      't',  'e',  'r',  0,    0,   0,   0,   0,   0,    0,    0,    0,    52};
    static const uint8_t interface[] = {0, 0, 0, 1, 0, 0, 0, 32, 0, 252, 0, 0, 0, 4, 0, 0,
                                        0, 9, 0, 1, 9, 0, 0, 0,  0, 0,   0, 0, 0, 0, 0, 32};
    CU_ASSERT_EQUAL(bytes_written(&w), sizeof section + sizeof interface);
    CU_ASSERT_EQUAL(memcmp(file, section, sizeof section), 0);
    CU_ASSERT_EQUAL(memcmp(file + sizeof section, interface, sizeof interface), 0);
    uint8_t *packet = w.at;
    struct capture_packet p = example();
    p.comment = NULL;
    capture_packet(&w, &p);
    static const uint8_t tags[] = {0,    12,   0, 4,  'm', 'q', 't', 't', 0,    20,   0, 4, 10, 0, 0,    7,    0, 21, 0,
                                   4,    192,  0, 2,  1,   0,   24,  0,   4,    0,    0, 0, 2,  0, 25,   0,    4, 0,  0,
                                   0x9c, 0x41, 0, 26, 0,   4,   0,   0,   0x07, 0x5b, 0, 0, 0,  0, 0xc0, 0x00, 0, 0};
    CU_ASSERT_EQUAL(memcmp(packet, "\0\0\0\x06\0\0\0\x64\0\0\0\0", 12), 0);
    CU_ASSERT_EQUAL(memcmp(packet + 20, "\0\0\0\x36\0\0\0\x36", 8), 0); /* tags and two bytes */
    CU_ASSERT_EQUAL(memcmp(packet + 28, tags, sizeof tags), 0);
    CU_ASSERT_EQUAL(memcmp(w.at - 16, "\0\x02\0\x04\0\0\0\x02\0\0\0\0\0\0\0\x64", 16), 0); /* outbound */
}

static void what_is_written_is_read_again(void) {
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    capture_section(&w, "muster", "");
    struct capture_packet out = example(), in = example();
    in.from = at("::1", 1883);
    in.to = at("fd00::2", 65535);
    in.sent = false;
    in.data = bytes_of("\xd0", 1);
    in.original = 2;
    capture_packet(&w, &out);
    capture_packet(&w, &in);
    struct capture_read r = read_back(&w);
    CU_ASSERT_PTR_NULL(r.trouble);
    CU_ASSERT_EQUAL(r.packets, 2);
    CU_ASSERT_EQUAL(r.whole, bytes_written(&w));
    CU_ASSERT_EQUAL(seen[0].packet.unix_ns, out.unix_ns);
    CU_ASSERT_TRUE(address_equal(&seen[0].packet.from, &out.from) && address_equal(&seen[0].packet.to, &out.to));
    CU_ASSERT_TRUE(seen[0].packet.sent);
    CU_ASSERT_EQUAL(seen[0].packet.original, 2);
    CU_ASSERT_STRING_EQUAL(seen[0].comment, "device: meters-7");
    CU_ASSERT_STRING_EQUAL(seen[0].dissector, "mqtt");
    CU_ASSERT_TRUE(address_equal(&seen[1].packet.from, &in.from) && address_equal(&seen[1].packet.to, &in.to));
    CU_ASSERT_FALSE(seen[1].packet.sent);
    CU_ASSERT_EQUAL(seen[1].packet.data.size, 1);
    CU_ASSERT_EQUAL(seen[1].packet.original, 2);
    CU_ASSERT_EQUAL(seen[1].data[0], 0xd0);
}

static void what_is_too_long_is_cut_and_its_length_told(void) {
    char *comment = malloc(CAPTURE_COMMENT_MAX + 10);
    uint8_t *data = calloc(1, CAPTURE_PACKET_MAX + 100);
    CHECK(comment != NULL && data != NULL);
    memset(comment, 'x', CAPTURE_COMMENT_MAX + 9);
    memcpy(comment + CAPTURE_COMMENT_MAX - 1, "\xc3\xa4", 2); /* a character across the end */
    comment[CAPTURE_COMMENT_MAX + 9] = '\0';
    struct capture_packet p = example();
    p.comment = comment;
    p.data = bytes_of(data, CAPTURE_PACKET_MAX + 100);
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    capture_section(&w, NULL, NULL);
    size_t before = bytes_written(&w);
    capture_packet(&w, &p);
    CU_ASSERT(bytes_written(&w) - before <= capture_packet_size(&p));
    struct capture_read r = capture_read(bytes_of(w.start, bytes_written(&w)), NULL, NULL);
    CU_ASSERT_EQUAL(r.packets, 1);
    CU_ASSERT_PTR_NULL(r.trouble);
    read_back(&w);
    CU_ASSERT_EQUAL(seen[0].packet.data.size, CAPTURE_PACKET_MAX);
    CU_ASSERT_EQUAL(seen[0].packet.original, CAPTURE_PACKET_MAX + 100);
    CU_ASSERT(CAPTURE_PACKET_MAX + CAPTURE_OVERHEAD_MAX <= CAPTURE_SNAP_MAX);
    free(comment);
    free(data);
}

static void a_length_beyond_its_field_is_told_as_a_gibibyte(void) {
    struct capture_packet p = example();
    p.original = UINT32_MAX;
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    capture_section(&w, NULL, NULL);
    capture_packet(&w, &p);
    read_back(&w);
    CU_ASSERT_EQUAL(seen[0].packet.original, 1 << 30);
}

static void without_room_the_writer_fails_and_nothing_beyond_it_is_touched(void) {
    struct capture_packet p = example();
    struct bytes_writer all = bytes_writer_of(file, sizeof file);
    capture_packet(&all, &p);
    size_t size = bytes_written(&all);
    uint8_t *small = malloc(size);
    CHECK(small != NULL);
    for (size_t room = 0; room <= size; room++) {
        struct bytes_writer w = bytes_writer_of(small, room);
        capture_packet(&w, &p);
        CU_ASSERT_EQUAL(w.failed, room < size);
    }
    free(small);
}

static void a_file_that_was_cut_gives_its_whole_packets(void) {
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    struct capture_packet p = example();
    capture_section(&w, "muster", "a comment");
    size_t edges[4] = {bytes_written(&w)};
    for (int i = 1; i < 4; i++) {
        capture_packet(&w, &p);
        edges[i] = bytes_written(&w);
    }
    for (size_t size = 0; size <= edges[3]; size++) {
        struct capture_read r = capture_read(bytes_of(file, size), NULL, NULL);
        unsigned packets = 0;
        for (int i = 1; i < 4; i++)
            packets += size >= edges[i];
        CU_ASSERT_EQUAL(r.packets, packets);
        CU_ASSERT(r.whole <= size && (r.trouble == NULL) == (r.whole == size));
    }
}

static void damaged_files_are_told_from_whole_ones(void) {
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    struct capture_packet p = example();
    capture_section(&w, "muster", "");
    size_t head = bytes_written(&w);
    capture_packet(&w, &p);
    size_t size = bytes_written(&w);
    static const struct {
        size_t at; /* from the packet's block on */
        uint8_t value;
    } rows[] = {{4, 1}, {7, 8}, {7, 0x61}, {23, 0xff}, {27, 1}, {31, 0xff}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t kept = file[head + rows[i].at];
        file[head + rows[i].at] = rows[i].value;
        struct capture_read r = capture_read(bytes_of(file, size), NULL, NULL);
        CU_ASSERT_PTR_NOT_NULL(r.trouble);
        CU_ASSERT_EQUAL(r.whole, head);
        CU_ASSERT_EQUAL(r.packets, 0);
        file[head + rows[i].at] = kept;
    }
    CU_ASSERT_PTR_NOT_NULL(capture_read(bytes_of(file + head, size - head), NULL, NULL).trouble);
    file[8] = 0x4d;
    CU_ASSERT_PTR_NOT_NULL(capture_read(bytes_of(file, size), NULL, NULL).trouble);
}

HARNESS_MAIN("capture", HARNESS_CASE(blocks_are_those_of_the_specification),
             HARNESS_CASE(what_is_written_is_read_again), HARNESS_CASE(what_is_too_long_is_cut_and_its_length_told),
             HARNESS_CASE(a_length_beyond_its_field_is_told_as_a_gibibyte),
             HARNESS_CASE(without_room_the_writer_fails_and_nothing_beyond_it_is_touched),
             HARNESS_CASE(a_file_that_was_cut_gives_its_whole_packets),
             HARNESS_CASE(damaged_files_are_told_from_whole_ones))
