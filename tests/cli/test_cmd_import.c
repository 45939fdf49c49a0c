#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"
#include "transport/capture.h"

static uint8_t file[1 << 16];
static struct bytes_writer w;
static int64_t now;

static void begin(void) {
    w = bytes_writer_of(file, sizeof file);
    now = 1795336200 * SPAN_S;
    capture_section(&w, "test", NULL);
}

/* A packet of a device at 10.0.0.<host>. */
static void say(unsigned host, const char *bytes, size_t size) {
    char client[32];
    struct capture_packet p = {.unix_ns = now, .dissector = "mqtt", .data = bytes_of(bytes, size)};
    snprintf(client, sizeof client, "10.0.0.%u", host);
    CHECK(address_parse(client, 4000, &p.from) == 0 && address_parse("192.0.2.1", 1883, &p.to) == 0);
    capture_packet(&w, &p);
    now += 100 * SPAN_MS;
}

static void join(unsigned host, const char *id) {
    char connect[64] = "\x10\x0d\0\4MQTT\4\2\0\x3c\0";
    size_t size = strlen(id);
    connect[1] = (char)(12 + size);
    connect[13] = (char)size;
    memcpy(connect + 14, id, size);
    say(host, connect, 14 + size);
}

static void write_capture(const char *name) {
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", capture_directory(), name);
    FILE *f = fopen(path, "we");
    CHECK(f != NULL && !w.failed && fwrite(file, 1, bytes_written(&w), f) == bytes_written(&w) && fclose(f) == 0);
}

static void the_scenario_goes_to_stdout_or_to_a_new_file(void) {
    begin();
    join(7, "meter-1");
    say(7, "\x30\x05\0\1tonx", 7);
    write_capture("one.pcapng");
    struct capture c = CAPTURE(cmd_import, "import", "one.pcapng");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "client_id: \"meter-1\""));
    CU_ASSERT_TRUE(capture_says(&c, "{at: 100ms}"));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    char *scenario = c.out;
    struct capture to_file = CAPTURE(cmd_import, "import", "one.pcapng", "-o", "one.yaml");
    CU_ASSERT_EQUAL(to_file.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&to_file, "wrote one.yaml: 1 connection, 1 message\nnext: muster run one.yaml"));
    char *written = capture_file("one.yaml");
    CU_ASSERT_STRING_EQUAL(written, scenario);
    free(written);
    capture_free(&to_file);
    capture_free(&c);
    c = CAPTURE(cmd_import, "import", "one.pcapng", "-o", "one.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "one.yaml exists already"));
    capture_free(&c);
    c = CAPTURE(cmd_check, "check", "one.yaml", "--deny", "warnings");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    capture_free(&c);
}

static void several_devices_are_listed(void) {
    begin();
    join(7, "meter-1");
    join(8, "meter-2");
    say(8, "\x30\x05\0\1tonx", 7);
    join(7, "other");
    write_capture("two.pcapng");
    struct capture c = CAPTURE(cmd_import, "import", "two.pcapng");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "two.pcapng shows 3 devices; --device says which one"));
    CU_ASSERT_TRUE(capture_warns(&c, "hint:  muster import two.pcapng --device meter-1"));
    CU_ASSERT_TRUE(capture_warns(&c, "          1         1  10.0.0.8:4000          meter-2"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
    c = CAPTURE(cmd_import, "import", "two.pcapng", "--device", "meter-3");
    CU_ASSERT_TRUE(c.code == EXIT_USAGE && capture_warns(&c, "shows no device 'meter-3'"));
    CU_ASSERT_TRUE(capture_warns(&c, "meter-2"));
    capture_free(&c);
    c = CAPTURE(cmd_import, "import", "two.pcapng", "--device", "10.0.0.7");
    CU_ASSERT_TRUE(c.code == EXIT_USAGE && capture_warns(&c, "several devices at 10.0.0.7"));
    CU_ASSERT_FALSE(capture_warns(&c, "meter-2"));
    capture_free(&c);
    c = CAPTURE(cmd_import, "import", "two.pcapng", "--device", "10.0.0.8");
    CU_ASSERT_TRUE(c.code == EXIT_PASS && capture_says(&c, "client_id: \"meter-2\""));
    capture_free(&c);
    c = CAPTURE(cmd_import, "import", "two.pcapng", "--device", "other");
    CU_ASSERT_TRUE(c.code == EXIT_PASS && capture_says(&c, "client_id: \"other\""));
    capture_free(&c);
}

static void what_is_no_capture_of_mqtt_is_said(void) {
    begin();
    write_capture("empty.pcapng");
    capture_write("text", "no capture at all");
    static const struct {
        const char *file, *words;
    } cases[] = {{"empty.pcapng", "empty.pcapng shows no MQTT device in 0 packets"},
                 {"text", "text: it is no capture: neither pcapng nor pcap"},
                 {"nowhere", "nowhere: No such file or directory"},
                 {".", ".: it cannot be read"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct capture c = CAPTURE(cmd_import, "import", cases[i].file);
        CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
        CU_ASSERT_TRUE(capture_warns(&c, cases[i].words));
        capture_free(&c);
    }
    struct capture c = CAPTURE(cmd_import, "import", "text", "--payloads", "none");
    CU_ASSERT_TRUE(c.code == EXIT_USAGE && capture_warns(&c, "expected bytes or sizes"));
    capture_free(&c);
}

/* Ethernet, IPv4, TCP: a SYN and the first bytes of a handshake of TLS. */
static void encrypted_connections_are_named(void) {
    static const char raw[] = "\xa1\xb2\xc3\xd4\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\x65"
                              "\x6b\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\x28"
                              "\x45\0\0\x28\0\0\0\0\x40\6\0\0\x0a\0\0\7\xc0\0\2\1"
                              "\x9c\x41\x22\xb3\0\0\0\1\0\0\0\0\x50\2\xff\xff\0\0\0\0"
                              "\x6b\0\0\0\0\0\0\1\0\0\0\x2e\0\0\0\x2e"
                              "\x45\0\0\x2e\0\0\0\0\x40\6\0\0\x0a\0\0\7\xc0\0\2\1"
                              "\x9c\x41\x22\xb3\0\0\0\2\0\0\0\0\x50\x10\xff\xff\0\0\0\0"
                              "\x16\3\1\2\0\1";
    w = bytes_writer_of(file, sizeof file);
    bytes_write(&w, bytes_of(raw, sizeof raw - 1));
    write_capture("tls.pcap");
    struct capture c = CAPTURE(cmd_import, "import", "tls.pcap");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "1 TCP connections are encrypted (TLS) (as to 192.0.2.1:8883)"));
    CU_ASSERT_TRUE(capture_warns(&c, "let Wireshark decrypt"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_import", HARNESS_CASE(the_scenario_goes_to_stdout_or_to_a_new_file),
             HARNESS_CASE(several_devices_are_listed), HARNESS_CASE(what_is_no_capture_of_mqtt_is_said),
             HARNESS_CASE(encrypted_connections_are_named))
