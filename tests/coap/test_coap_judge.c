#include "base/check.h"
#include "base/err.h"
#include "coap/coap_judge.h"
#include "harness.h"
#include "mqtt/vector.h"

static struct vector vector;

static const struct {
    const char *rule, *message;
    const char *statement; /* NULL: nothing to object to */
    unsigned option;
    uint8_t code;
} verdicts[] = {
    {"[COAP-7252-5.4.1-1] an unknown elective option is ignored", "40 01 00 01 21 'x'", NULL, 0, 0},
    {"[COAP-7252-5.4.1-2] an unknown critical option", "40 01 00 01 91 'x'", "COAP-7252-5.4.1-2", 9, 0x82},
    {"the first of two is named", "40 01 00 01 90 40", "COAP-7252-5.4.1-2", 9, 0x82},
    {"[COAP-7252-3.2-2] leading zeros within the length", "40 01 00 01 D2 04 00 28", NULL, 0, 0},
    {"[COAP-7252-5.4.3-1] a critical option that is too long", "40 01 00 01 D3 04 00 00 28", "COAP-7252-5.4.3-1", 17,
     0x82},
    {"[COAP-7252-5.4.3-1] a critical option that is too short", "40 01 00 01 30", "COAP-7252-5.4.3-1", 3, 0x82},
    {"[COAP-7252-5.4.3-1] an elective one is ignored", "40 02 00 01 C3 00 00 28", NULL, 0, 0},
    {"If-None-Match has no value", "40 03 00 01 51 'x'", "COAP-7252-5.4.3-1", 5, 0x82},
    {"[COAP-7252-5.4-1] a critical option in the wrong place", "60 45 00 01 B1 'a'", "COAP-7252-5.4-1", 11, 0x82},
    {"an elective option in the wrong place is ignored", "40 01 00 01 81 'a'", NULL, 0, 0},
    {"[COAP-7252-5.4.5-1] a critical option twice", "40 01 00 01 31 'a' 01 'b'", "COAP-7252-5.4.5-1", 3, 0x82},
    {"repeatable options repeat", "40 01 00 01 11 'a' 01 'b' A1 'p' 01 'q' 41 'r' 01 's'", NULL, 0, 0},
    {"[COAP-7252-5.10.6.2-1] several ETags in a request", "40 01 00 01 41 'a' 01 'b'", NULL, 0, 0},
    {"[COAP-7252-5.10.6.1-1] several ETags in a response", "60 45 00 01 41 'a' 01 'b'", "COAP-7252-5.10.6.1-1", 4, 0},
    {"[COAP-7959-2.1-2] Block2 twice", "40 01 00 01 D1 0A 06 01 16", "COAP-7959-2.1-2", 23, 0x82},
    {"[COAP-7959-2.1-1] a Block2 of four bytes", "40 01 00 01 D4 0A 00 00 00 06", "COAP-7252-5.4.3-1", 23, 0x82},
    {"[COAP-7959-2.2-2] exponent 7 in a request", "40 01 00 01 D1 0A 07", "COAP-7959-2.2-2", 23, 0x80},
    {"[COAP-7959-2.2-3] exponent 7 in a response", "60 45 00 01 D1 0A 07", "COAP-7959-2.2-3", 23, 0x80},
    {"all other exponents", "40 01 00 01 D1 0A 06", NULL, 0, 0},
    {"[COAP-8768-3-2] Hop-Limit 0", "40 01 00 01 D1 03 00", "COAP-8768-3-2", 16, 0x80},
    {"[COAP-8768-3-2] Hop-Limit of two bytes", "40 01 00 01 D2 03 01 00", "COAP-8768-3-2", 16, 0x80},
    {"[COAP-8768-3-2] Hop-Limit without a value", "40 01 00 01 D0 03", "COAP-8768-3-2", 16, 0x80},
    {"Hop-Limit 255", "40 01 00 01 D1 03 FF", NULL, 0, 0},
    {"[COAP-7252-5.10.7-1] a Location-Path of one dot", "60 41 00 01 81 '.'", "COAP-7252-5.10.7-1", 8, 0},
    {"[COAP-7252-5.10.7-1] a Location-Path of two dots", "60 41 00 01 82 '..'", "COAP-7252-5.10.7-1", 8, 0},
    {"three dots are a name", "60 41 00 01 83 '...'", NULL, 0, 0},
    {"[COAP-7641-4.2-5] Observe in an error", "60 84 00 01 61 05", "COAP-7641-4.2-5", 6, 0},
    {"Observe in a success", "60 45 00 01 61 05", NULL, 0, 0},
    {"[COAP-7252-5.5-2] a payload on 2.03", "60 43 00 01 FF 'x'", "COAP-7252-5.5-2", 0, 0},
    {"[COAP-7252-5.5-1] a payload on GET is ignored", "40 01 00 01 FF 'x'", NULL, 0, 0},
    {"[COAP-7252-5.5.2-1] a diagnostic that is not UTF-8", "60 84 00 01 FF C3 28", "COAP-7252-5.5.2-1", 0, 0},
    {"a diagnostic in UTF-8", "60 84 00 01 FF C3 A4 00", NULL, 0, 0},
    {"an error with a format may have any bytes", "60 84 00 01 C1 3C FF C3 28", NULL, 0, 0},
    {"what hinders comes before what does not", "60 45 00 01 41 'a' 01 'b' 51 'x'", "COAP-7252-5.4.1-2", 9, 0x82},
    {"of what does not hinder the first", "60 84 00 01 41 'a' 01 'b' 21 00 FF C3 28", "COAP-7252-5.10.6.1-1", 4, 0},
    {"Empty", "40 00 00 01", NULL, 0, 0},
};

static void options_are_judged(void) {
    for (unsigned i = 0; i < COUNT_OF(verdicts); i++) {
        struct coap_message m;
        struct coap_fault fault = {0};
        size_t consumed;
        vector_parse(&vector, verdicts[i].message);
        CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 0, &m, &consumed, &fault), 0);
        fault = (struct coap_fault){0};
        int result = coap_judge_message(&m, COAP_UDP, false, &fault);
        bool ok = verdicts[i].statement
                      ? result == ERR_PROTOCOL && strcmp(fault.statement, verdicts[i].statement) == 0 &&
                            fault.option == verdicts[i].option && fault.code == verdicts[i].code &&
                            fault.reaction == (verdicts[i].code ? COAP_ANSWER : COAP_NOTE)
                      : result == 0 && !fault.statement;
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(verdicts[i].rule, fault.statement ? fault.statement : "no fault");
    }
}

static void signals_are_judged(void) {
    static const struct {
        const char *message, *statement;
    } signals[] = {
        {"30 E1 22 04 80", NULL},            /* CSM, Max-Message-Size */
        {"10 E1 10", "COAP-8323-5.2-1"},     /* option 1 */
        {"10 E1 60", NULL},                  /* option 6: elective */
        {"20 E2 91 'x'", "COAP-8323-5.2-1"}, /* Ping, option 9 */
        {"20 E5 B1 'x'", "COAP-8323-5.2-1"}, /* what is Uri-Path elsewhere */
    };
    for (unsigned i = 0; i < COUNT_OF(signals); i++) {
        struct coap_message m;
        struct coap_fault fault = {0};
        size_t consumed;
        vector_parse(&vector, signals[i].message);
        CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_TCP, 0, &m, &consumed, &fault), 0);
        int result = coap_judge_message(&m, COAP_TCP, false, &fault);
        CU_ASSERT_EQUAL(result, signals[i].statement ? ERR_PROTOCOL : 0);
        if (signals[i].statement && fault.statement) {
            CU_ASSERT_STRING_EQUAL(fault.statement, signals[i].statement);
            CU_ASSERT_EQUAL(fault.reaction, COAP_HANG_UP);
        }
    }
}

static void bert_allows_exponent_7(void) {
    struct coap_option block = {COAP_BLOCK2, bytes_of("\x17", 1)};
    uint8_t room[32];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    struct coap_message m = {.code = COAP_GET, .list = &block, .count = 1}, again;
    struct coap_fault fault;
    size_t consumed;
    CU_ASSERT_EQUAL(coap_codec_encode(&w, &m, COAP_TCP), 0);
    CU_ASSERT_EQUAL(coap_codec_decode(bytes_of(room, bytes_written(&w)), COAP_TCP, 0, &again, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(coap_judge_message(&again, COAP_TCP, true, &fault), 0);
    CU_ASSERT_EQUAL(coap_judge_message(&again, COAP_TCP, false, &fault), ERR_PROTOCOL);
}

static void only_usable_options_are_found(void) {
    struct coap_message m;
    struct coap_fault fault;
    struct bytes value;
    size_t consumed;
    vector_parse(&vector,
                 "40 01 00 01 63 00 00 01 21 'a' 43 00 00 28"); /* Observe, Location-Path, Content-Format of 3 bytes */
    CU_ASSERT_EQUAL(coap_codec_decode(vector_bytes(&vector), COAP_UDP, 0, &m, &consumed, &fault), 0);
    CU_ASSERT(coap_judge_find(&m, COAP_OBSERVE, &value));
    CU_ASSERT_EQUAL(value.size, 3);
    CU_ASSERT(!coap_judge_find(&m, COAP_LOCATION_PATH, &value));  /* has no meaning in a request */
    CU_ASSERT(!coap_judge_find(&m, COAP_CONTENT_FORMAT, &value)); /* too long */
    CU_ASSERT(!coap_judge_find(&m, COAP_URI_PATH, &value));
    CU_ASSERT(!coap_judge_find(&m, 9, &value));
}

HARNESS_MAIN("coap_judge", HARNESS_CASE(options_are_judged), HARNESS_CASE(signals_are_judged),
             HARNESS_CASE(bert_allows_exponent_7), HARNESS_CASE(only_usable_options_are_found))
