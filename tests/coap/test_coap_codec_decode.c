#include "base/check.h"
#include "base/err.h"
#include "coap/coap_codec.h"
#include "harness.h"
#include "mqtt/vector.h"

enum { U = COAP_UDP, T = COAP_TCP, W = COAP_WS, BAD = ERR_MALFORMED, WRONG = ERR_PROTOCOL };

static struct vector vector;

static const struct refusal {
    const char *rule;
    int framing;
    const char *message;
    int result;
    const char *statement;
    int reaction;
} refusals[] = {
    {"no bytes", U, "", BAD, "COAP-7252-3-7", COAP_IGNORE},
    {"one byte", U, "40", BAD, "COAP-7252-3-7", COAP_IGNORE},
    {"three bytes", U, "40 01 00", BAD, "COAP-7252-3-7", COAP_IGNORE},
    {"version 0", U, "00 01 00 01", WRONG, "COAP-7252-3-2", COAP_IGNORE},
    {"version 2", U, "80 01 00 01", WRONG, "COAP-7252-3-2", COAP_IGNORE},
    {"version 3 with what would be format errors", U, "CF 01 00 01 FF", WRONG, "COAP-7252-3-2", COAP_IGNORE},
    {"token length 9", U, "49 01 00 01 '123456789'", BAD, "COAP-7252-3-3", COAP_REJECT},
    {"token length 13", U, "4D 01 00 01 00 '1234567890123'", BAD, "COAP-7252-3-3", COAP_REJECT},
    {"token length 15", U, "4F 01 00 01 '123456789012345'", BAD, "COAP-7252-3-3", COAP_REJECT},
    {"a token without bytes", U, "41 01 00 01", BAD, "COAP-7252-3-5", COAP_REJECT},
    {"a token that is short by one", U, "48 01 00 01 '1234567'", BAD, "COAP-7252-3-5", COAP_REJECT},
    {"Empty with a token", U, "41 00 00 01 'a'", BAD, "COAP-7252-4.1-2", COAP_REJECT},
    {"Empty with a token length alone", U, "48 00 00 01", BAD, "COAP-7252-4.1-2", COAP_REJECT},
    {"Empty with a payload", U, "40 00 00 01 FF 'a'", BAD, "COAP-7252-4.1-2", COAP_REJECT},
    {"Empty with an option", U, "60 00 00 01 B1 'a'", BAD, "COAP-7252-4.1-2", COAP_REJECT},
    {"NON Empty", U, "50 00 00 01", WRONG, "COAP-7252-4.3-2", COAP_REJECT},
    {"CON class 1", U, "40 21 00 01", WRONG, "COAP-7252-4.2-4", COAP_REJECT},
    {"CON class 6", U, "40 C1 00 01", WRONG, "COAP-7252-4.2-4", COAP_REJECT},
    {"CON class 7", U, "40 E1 00 01", WRONG, "COAP-7252-4.2-4", COAP_REJECT},
    {"NON class 1", U, "50 3F 00 01", WRONG, "COAP-7252-4.3-3", COAP_REJECT},
    {"NON class 6", U, "50 C0 00 01", WRONG, "COAP-7252-4.3-3", COAP_REJECT},
    {"NON class 7", U, "50 E2 00 01", WRONG, "COAP-7252-4.3-3", COAP_REJECT},
    {"ACK with a request", U, "60 01 00 01", WRONG, "COAP-7252-4.2-2", COAP_IGNORE},
    {"ACK with a reserved class", U, "60 E1 00 01", WRONG, "COAP-7252-4.2-2", COAP_IGNORE},
    {"RST with a request", U, "70 01 00 01", WRONG, "COAP-7252-4.2-7", COAP_IGNORE},
    {"RST with a response", U, "70 45 00 01", WRONG, "COAP-7252-4.2-7", COAP_IGNORE},
    {"delta 15", U, "40 01 00 01 F0", BAD, "COAP-7252-3.1-2", COAP_REJECT},
    {"length 15", U, "40 01 00 01 BF '123456789012345'", BAD, "COAP-7252-3.1-3", COAP_REJECT},
    {"an option that runs past the end", U, "40 01 00 01 B5 'abcd'", BAD, "COAP-7252-3.1-5", COAP_REJECT},
    {"an option number above 65535", U, "40 01 00 01 E0 FE F2 10", BAD, "COAP-7252-3.1-6", COAP_REJECT},
    {"a marker alone", U, "40 01 00 01 FF", BAD, "COAP-7252-3-4", COAP_REJECT},
    {"a marker alone after an option", U, "40 02 00 01 B1 'a' FF", BAD, "COAP-7252-3-4", COAP_REJECT},

    {"TCP token length 9", T, "09 01", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"TCP token length 15", T, "0F 01 '123456789012345'", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"TCP delta 15", T, "10 01 F0", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"TCP an option past its message, though bytes follow", T, "20 01 B5 'a' 'bcdef'", BAD, "COAP-8323-5.6-2",
     COAP_HANG_UP},
    {"TCP a marker alone", T, "10 01 FF", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"TCP reserved class", T, "00 21", WRONG, "COAP-8323-5.6-2", COAP_IGNORE},
    {"WS no bytes", W, "", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"WS one byte", W, "00", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
    {"WS length field", W, "20 01 B1 'a'", BAD, "COAP-8323-4.2-1", COAP_HANG_UP},
    {"WS long length field", W, "F0 00 00 00 00 01", BAD, "COAP-8323-4.2-1", COAP_HANG_UP},
    {"WS a token past the end", W, "04 01 'abc'", BAD, "COAP-8323-5.6-2", COAP_HANG_UP},
};

static void what_is_forbidden_is_refused(void) {
    for (unsigned i = 0; i < COUNT_OF(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct coap_message m;
        struct coap_fault fault = {0};
        size_t consumed = 99;
        vector_parse(&vector, row->message);
        int result =
            coap_codec_decode(vector_bytes(&vector), (enum coap_framing)row->framing, 0, &m, &consumed, &fault);
        bool ok = result == row->result && fault.statement && strcmp(fault.statement, row->statement) == 0 &&
                  fault.reaction == row->reaction &&
                  consumed == (row->framing != U && row->result == WRONG ? vector.size : 0);
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(row->rule, fault.statement ? fault.statement : "no fault");
    }
}

static void a_rejected_message_can_be_answered(void) {
    struct coap_message m;
    struct coap_fault fault;
    size_t consumed;
    vector_parse(&vector, "49 02 AB CD");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 0, &m, &consumed, &fault), ERR_MALFORMED);
    CU_ASSERT_EQUAL(m.type, COAP_CON);
    CU_ASSERT_EQUAL(m.id, 0xABCD);
}

static void too_big_is_refused_by_what_is_announced(void) {
    struct coap_message m;
    struct coap_fault fault;
    size_t consumed;
    vector_parse(&vector, "40 02 00 01 FF 'abc'");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 8, &m, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 7, &m, &consumed, &fault), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(m.id, 1);
    /* a stream does not wait for four gigabytes */
    vector_parse(&vector, "F0 FF FF FF FF");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_TCP, 1152, &m, &consumed, &fault), ERR_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(fault.statement, "COAP-8323-5.3.1-1");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_TCP, 0, &m, &consumed, &fault), ERR_AGAIN);
}

static void a_message_has_its_parts(void) {
    struct coap_message m;
    struct coap_fault fault;
    size_t consumed;
    vector_parse(&vector, "54 45 12 34 01 00 00 FF C1 32 FF 'hi' FF");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 0, &m, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(consumed, vector.size);
    CU_ASSERT_EQUAL(m.type, COAP_NON);
    CU_ASSERT_EQUAL(m.code, COAP_CONTENT);
    CU_ASSERT_EQUAL(m.id, 0x1234);
    CU_ASSERT(bytes_equal(m.token, bytes_of("\x01\x00\x00\xff", 4)));
    CU_ASSERT(bytes_equal(m.options, bytes_of("\xc1\x32", 2)));
    CU_ASSERT(bytes_equal(m.payload, bytes_of("hi\xff", 3)));
}

/* Every prefix of datagrams: never more than is there, and a well-formed prefix only where options or token end. */
static void every_truncation_of_a_datagram_is_sound(void) {
    static const struct {
        const char *message;
        const char *whole; /* one sign per prefix length: + accepted, . refused */
    } rows[] = {
        {"44 01 00 01 'toke' B3 'foo' D2 05 01 02 FF 'ab'", "........+...+...+.++"},
        {"40 45 00 01 E1 00 0F 'x' FF 'y'", "....+...+.+"},
        {"60 00 00 07", "....+"},
    };
    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        vector_parse(&vector, rows[i].message);
        CU_ASSERT_EQUAL_FATAL(strlen(rows[i].whole), vector.size + 1);
        for (size_t cut = 0; cut <= vector.size; cut++) {
            uint8_t *copy = malloc(cut ? cut : 1); /* exact, so that sanitizers see a byte too far */
            CHECK(copy);
            memcpy(copy, vector.data, cut);
            struct coap_message m;
            struct coap_fault fault;
            size_t consumed;
            int result = coap_codec_decode(bytes_of(copy, cut), COAP_UDP, 0, &m, &consumed, &fault);
            CU_ASSERT_EQUAL(result == 0, rows[i].whole[cut] == '+');
            CU_ASSERT_EQUAL(consumed, result == 0 ? cut : 0);
            free(copy);
        }
    }
}

/* [COAP-8323-3.2-1] [COAP-8323-3.2-2]: all length forms, byte by byte. */
static void streams_wait_for_whole_messages(void) {
    static const size_t bodies[] = {0, 1, 12, 13, 14, 268, 269, 270, 4000, 65804, 65805, 65806};
    static uint8_t data[70000], payload[66000];
    for (unsigned i = 0; i < COUNT_OF(bodies); i++) {
        for (unsigned token = 0; token <= 8; token += 4) {
            if (bodies[i] == 1)
                continue; /* a body of one byte is an option without value; the encoder's test has it */
            struct coap_message m = {.code = COAP_POST,
                                     .token = bytes_of("12345678", token),
                                     .payload = bytes_of(payload, bodies[i] ? bodies[i] - 1 : 0)};
            struct bytes_writer w = bytes_writer_of(data, sizeof data);
            CU_ASSERT_EQUAL(coap_codec_encode(&w, &m, COAP_TCP), 0);
            size_t total = bytes_written(&w), consumed, frame, step = total > 600 ? 251 : 1;
            struct coap_message again;
            struct coap_fault fault;
            for (size_t cut = 0; cut < total; cut += step)
                CU_ASSERT_EQUAL(coap_codec_decode(bytes_of(data, cut), COAP_TCP, 0, &again, &consumed, &fault),
                                ERR_AGAIN);
            CU_ASSERT_EQUAL(coap_codec_decode(bytes_of(data, total - 1), COAP_TCP, 0, &again, &consumed, &fault),
                            ERR_AGAIN);
            data[total] = 0xff; /* the next message is none of its business */
            CU_ASSERT_EQUAL(coap_codec_decode(bytes_of(data, total + 1), COAP_TCP, 0, &again, &consumed, &fault), 0);
            CU_ASSERT_EQUAL(consumed, total);
            CU_ASSERT_EQUAL(coap_codec_frame(bytes_of(data, 6), &frame), 0);
            CU_ASSERT_EQUAL(frame, total);
            CU_ASSERT(bytes_equal(again.token, m.token));
            CU_ASSERT_EQUAL(again.payload.size, m.payload.size);
        }
    }
}

static void empty_stream_messages_mean_nothing(void) {
    struct coap_message m;
    struct coap_fault fault;
    size_t consumed;
    vector_parse(&vector, "22 00 'to' B1 'a' 00 01");
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_TCP, 0, &m, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(m.code, COAP_EMPTY);
    CU_ASSERT_EQUAL(consumed, 6);
}

HARNESS_MAIN("coap_codec_decode", HARNESS_CASE(what_is_forbidden_is_refused),
             HARNESS_CASE(a_rejected_message_can_be_answered), HARNESS_CASE(too_big_is_refused_by_what_is_announced),
             HARNESS_CASE(a_message_has_its_parts), HARNESS_CASE(every_truncation_of_a_datagram_is_sound),
             HARNESS_CASE(streams_wait_for_whole_messages), HARNESS_CASE(empty_stream_messages_mean_nothing))
