#include "import/frame.h"

#include <string.h>

#include "harness.h"

#define TCP_PART                                                                                                       \
    "\x9c\x41\x07\x5b\x01\x02\x03\x04\x00\x00\x00\x00\x50\x18\xff\xff\x00\x00\x00\x00"                                 \
    "abc"
#define IPV4        "\x45\x00\x00\x2b\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x07\xc0\x00\x02\x01" TCP_PART
#define FROM        "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07"
#define TO          "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
#define MACS        "\1\1\1\1\1\1\2\2\2\2\2\2"
#define SIZED(text) text, sizeof text - 1

static struct frame_segment s;

static enum frame_kind kind(uint32_t link, const char *data, size_t size) {
    return frame_read(link, bytes_of(data, size), &s);
}

static void is_the_segment(uint32_t link, const char *data, size_t size) {
    char from[64], to[64];
    CU_ASSERT_EQUAL_FATAL(kind(link, data, size), FRAME_TCP);
    CU_ASSERT_TRUE(s.seq == 0x01020304 && s.flags == 0x18 && s.missing == 0);
    CU_ASSERT_TRUE(bytes_equal(s.payload, bytes_of_text("abc")));
    bool v4 = s.from.any.sa_family == AF_INET;
    CU_ASSERT_STRING_EQUAL(address_format(&s.from, from, sizeof from), v4 ? "10.0.0.7:40001" : "[fd00::7]:40001");
    CU_ASSERT_STRING_EQUAL(address_format(&s.to, to, sizeof to), v4 ? "192.0.2.1:1883" : "[fd00::1]:1883");
}

static void every_link_leads_to_the_same_segment(void) {
    is_the_segment(101, SIZED(IPV4));
    is_the_segment(228, SIZED(IPV4));
    is_the_segment(12, SIZED(IPV4));
    is_the_segment(1, SIZED(MACS "\x08\x00" IPV4 "\0\0\0\0")); /* padded to the least size */
    is_the_segment(1, SIZED(MACS "\x81\x00\0\x05\x08\x00" IPV4));
    is_the_segment(1, SIZED(MACS "\x88\xa8\0\x05\x81\x00\0\x06\x08\x00" IPV4));
    is_the_segment(1, SIZED(MACS "\x88\x64\x11\0\0\1\0\x2d\0\x21" IPV4));
    is_the_segment(113, SIZED("\0\0\0\1\0\6\1\1\1\1\1\1\0\0\x08\x00" IPV4));
    is_the_segment(276, SIZED("\x08\x00\0\0\0\0\0\2\0\1\0\6\1\1\1\1\1\1\0\0" IPV4));
    is_the_segment(0, SIZED("\2\0\0\0" IPV4));
    is_the_segment(0, SIZED("\0\0\0\2" IPV4));
    is_the_segment(108, SIZED("\0\0\0\2" IPV4));
}

static void ipv6_and_its_extensions_are_read(void) {
    is_the_segment(229, SIZED("\x60\0\0\0\0\x17\6\x40" FROM TO TCP_PART));
    is_the_segment(101, SIZED("\x60\0\0\0\0\x1f\0\x40" FROM TO "\6\0\0\0\0\0\0\0" TCP_PART));
    is_the_segment(101, SIZED("\x60\0\0\0\0\x27\0\x40" FROM TO "\x3c\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0" TCP_PART));
    CU_ASSERT_EQUAL(kind(101, SIZED("\x60\0\0\0\0\x1f\x2c\x40" FROM TO "\6\0\0\1\0\0\0\0" TCP_PART)), FRAME_FRAGMENT);
    CU_ASSERT_EQUAL(kind(101, SIZED("\x60\0\0\0\0\x1f\x11\x40" FROM TO TCP_PART)), FRAME_OTHER);
}

static void what_the_capture_cut_off_is_missing(void) {
    CU_ASSERT_EQUAL(kind(101, IPV4, sizeof IPV4 - 3), FRAME_TCP);
    CU_ASSERT_TRUE(s.payload.size == 1 && s.missing == 2);
    char unknown[] = IPV4; /* the length is left to the network card */
    unknown[2] = unknown[3] = 0;
    is_the_segment(101, SIZED(unknown));
}

static void what_is_no_tcp_is_told(void) {
    char other[] = IPV4, fragment[] = IPV4, header[] = IPV4;
    other[9] = 17;
    CU_ASSERT_EQUAL(kind(101, SIZED(other)), FRAME_OTHER);
    fragment[6] = 0x20;
    CU_ASSERT_EQUAL(kind(101, SIZED(fragment)), FRAME_FRAGMENT);
    CU_ASSERT_EQUAL(kind(1, SIZED(MACS "\x08\x06" IPV4)), FRAME_OTHER);
    CU_ASSERT_EQUAL(kind(105, SIZED(IPV4)), FRAME_UNKNOWN_LINK);
    header[32] = 0x40; /* a TCP header of 16 bytes */
    CU_ASSERT_EQUAL(kind(101, SIZED(header)), FRAME_OTHER);
    header[32] = (char)0xf0; /* and one longer than the packet */
    CU_ASSERT_EQUAL(kind(101, SIZED(header)), FRAME_OTHER);
}

static void every_cut_is_survived(void) {
    static const uint32_t links[] = {0, 1, 12, 101, 108, 113, 228, 229, 276};
    for (size_t l = 0; l < sizeof links / sizeof links[0]; l++)
        for (size_t size = 0; size < sizeof IPV4 - 4; size++)
            CU_ASSERT_NOT_EQUAL(kind(links[l], IPV4, size), FRAME_UNKNOWN_LINK);
}

HARNESS_MAIN("import/frame", HARNESS_CASE(every_link_leads_to_the_same_segment),
             HARNESS_CASE(ipv6_and_its_extensions_are_read), HARNESS_CASE(what_the_capture_cut_off_is_missing),
             HARNESS_CASE(what_is_no_tcp_is_told), HARNESS_CASE(every_cut_is_survived))
