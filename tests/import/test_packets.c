#include "import/packets.h"

#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "harness.h"
#include "transport/pcapng.h"

enum { ROOM = 4096 };

static uint8_t file[ROOM];
static size_t file_size;
static bool little;
static FILE *stream;

static void begin(bool order) {
    file_size = 0;
    little = order;
}

static void put(uint64_t value, unsigned size) {
    CHECK(file_size + size <= ROOM);
    for (unsigned i = 0; i < size; i++)
        file[file_size++] = (uint8_t)(value >> 8 * (little ? i : size - 1 - i));
}

static void put_text(const char *data) {
    for (; *data != '\0'; data++)
        put((uint8_t)*data, 1);
}

static struct packets *opened(void) {
    char why[200];
    stream = fmemopen(file, file_size, "r");
    CHECK(stream != NULL);
    struct packets *p = packets_open(stream, why, sizeof why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static void close_it(struct packets *p) {
    packets_free(p);
    fclose(stream);
}

static void put_classic(uint32_t magic, uint32_t link) {
    put(magic, 4);
    put(2, 2);
    put(4, 2);
    put(0, 8);
    put(65535, 4);
    put(link, 4);
}

static void put_record(uint32_t seconds, uint32_t fraction, const char *data, uint32_t original) {
    put(seconds, 4);
    put(fraction, 4);
    put(strlen(data), 4);
    put(original, 4);
    put_text(data);
}

static void expect(struct packets *packets, uint32_t link, int64_t unix_ns, const char *data) {
    struct packet p;
    CU_ASSERT_EQUAL_FATAL(packets_next(packets, &p), 1);
    CU_ASSERT_TRUE(p.link == link && bytes_equal(p.data, bytes_of_text(data)));
    CU_ASSERT_EQUAL(p.unix_ns, unix_ns);
}

static void ends(struct packets *packets, const char *trouble, uint64_t passed_over) {
    struct packet p;
    CU_ASSERT_EQUAL(packets_next(packets, &p), 0);
    CU_ASSERT_EQUAL(packets_next(packets, &p), 0);
    CU_ASSERT_STRING_EQUAL(packets_trouble(packets) == NULL ? "" : packets_trouble(packets), trouble);
    CU_ASSERT_EQUAL(packets_passed_over(packets), passed_over);
    close_it(packets);
}

static void classic_files_of_every_order_and_unit_are_read(void) {
    for (int i = 0; i < 4; i++) {
        bool nanoseconds = i & 1;
        begin(i & 2);
        put_classic(nanoseconds ? 0xA1B23C4D : 0xA1B2C3D4, 1 | 0x14000000); /* checksums in the upper bits */
        put_record(7, 500, "abc", 90);
        put_record(8, nanoseconds ? 1000000000 : 1000000, "late", 4); /* no fraction */
        put_record(9, 0, "z", 1);
        struct packets *packets = opened();
        expect(packets, 1, 7 * SPAN_S + 500 * (nanoseconds ? 1 : SPAN_US), "abc");
        expect(packets, 1, 9 * SPAN_S, "z");
        ends(packets, "", 1);
    }
}

static size_t open_block(uint32_t type) {
    size_t at = file_size;
    put(type, 4);
    put(0, 4);
    return at;
}

static void close_block(size_t at) {
    while ((file_size - at) % 4 != 0)
        put(0, 1);
    uint32_t size = (uint32_t)(file_size - at) + 4;
    size_t end = file_size;
    file_size = at + 4;
    put(size, 4);
    file_size = end;
    put(size, 4);
}

static void put_section(void) {
    size_t at = open_block(PCAPNG_SECTION);
    put(PCAPNG_ORDER_MAGIC, 4);
    put(1, 2);
    put(0, 2);
    put(UINT64_MAX, 8);
    close_block(at);
}

/* `resolution` −1: not said. */
static void put_interface(uint16_t link, int resolution, int64_t offset_s) {
    size_t at = open_block(PCAPNG_INTERFACE);
    put(link, 2);
    put(0, 6);
    if (resolution >= 0) {
        put(PCAPNG_OPTION_RESOLUTION, 2);
        put(1, 2);
        put((uint64_t)resolution, 1);
        put(0, 3);
    }
    if (offset_s != 0) {
        put(PCAPNG_OPTION_OFFSET, 2);
        put(8, 2);
        put((uint64_t)offset_s, 8);
    }
    close_block(at);
}

static void put_packet(uint32_t interface, uint64_t time, const char *data) {
    size_t at = open_block(PCAPNG_PACKET);
    put(interface, 4);
    put(time >> 32, 4);
    put(time & UINT32_MAX, 4);
    put(strlen(data), 4);
    put(strlen(data), 4);
    put_text(data);
    close_block(at);
}

static void interfaces_have_units_and_offsets_of_their_own(void) {
    for (int order = 0; order < 2; order++) {
        begin(order);
        put_section();
        put_interface(1, -1, 0); /* microseconds */
        put_interface(101, 9, 0);
        put_interface(113, 0x80 | 10, 5); /* 1/1024 s */
        put_packet(1, 1795336200123456789, "ns");
        put_packet(0, 3000001, "us");
        put_packet(2, 512, "half");
        put_packet(3, 1, "nobody's");
        little = !little; /* another section, in the other order: its interfaces are numbered anew */
        put_section();
        put_interface(12, 3, 0);
        put_packet(0, 2500, "ms");
        struct packets *packets = opened();
        expect(packets, 101, 1795336200123456789, "ns");
        expect(packets, 1, 3 * SPAN_S + SPAN_US, "us");
        expect(packets, 113, 5 * SPAN_S + 500 * SPAN_MS, "half");
        expect(packets, 12, 2500 * SPAN_MS, "ms");
        ends(packets, "", 1);
    }
}

static void a_file_that_breaks_off_gives_what_it_has(void) {
    begin(true);
    put_section();
    put_interface(1, 9, 0);
    put_packet(0, 77, "whole");
    size_t whole = file_size;
    put_packet(0, 78, "half");
    file_size -= 5;
    struct packets *packets = opened();
    expect(packets, 1, 77, "whole");
    ends(packets, "the last block is cut short", 0);
    file_size = whole;
    put(PCAPNG_PACKET, 4);
    put(7, 8);
    packets = opened();
    expect(packets, 1, 77, "whole");
    ends(packets, "a block's length cannot be", 0);
    begin(false);
    put_classic(0xA1B2C3D4, 1);
    put_record(1, 1, "whole", 5);
    file_size -= 1;
    ends(opened(), "the last packet is cut short", 0);
}

static void a_length_alone_takes_no_memory(void) {
    begin(true);
    put_section();
    put(PCAPNG_PACKET, 4);
    put(0xFFFFFFFC, 4); /* four gigabytes that are not there */
    put(0, 4);
    ends(opened(), "the last block is cut short", 0);
    begin(true);
    put_classic(0xA1B2C3D4, 1);
    put(1, 8);
    put(0xFFFFFFFF, 4);
    put(0, 4);
    ends(opened(), "a packet's length cannot be", 0);
}

static void times_that_no_clock_shows_are_passed_over(void) {
    begin(false);
    put_section();
    put_interface(1, 0, 0);
    put_packet(0, UINT64_MAX, "far");
    put_interface(1, 9, -1000);
    put_packet(1, 5, "before 1970");
    put_interface(1, 127, 0);
    put_packet(2, 5, "no unit");
    ends(opened(), "", 3);
}

static void is_none(const char *data, size_t size, const char *words) {
    char why[200] = "";
    FILE *f = fmemopen((void *)(uintptr_t)data, size, "r");
    CHECK(f != NULL);
    CU_ASSERT_PTR_NULL(packets_open(f, why, sizeof why));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
    fclose(f);
}

static void what_is_no_capture_is_named(void) {
    is_none("version: 1\ntarget: x", 20, "no capture");
    is_none("\x1f\x8b\x08 and so on, compressed", 20, "compressed");
    is_none("abc", 3, "too short");
    is_none("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00", 13, "too short");
}

HARNESS_MAIN("import/packets", HARNESS_CASE(classic_files_of_every_order_and_unit_are_read),
             HARNESS_CASE(interfaces_have_units_and_offsets_of_their_own),
             HARNESS_CASE(a_file_that_breaks_off_gives_what_it_has), HARNESS_CASE(a_length_alone_takes_no_memory),
             HARNESS_CASE(times_that_no_clock_shows_are_passed_over), HARNESS_CASE(what_is_no_capture_is_named))
