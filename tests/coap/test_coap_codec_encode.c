#include "base/check.h"
#include "base/err.h"
#include "coap/coap_codec.h"
#include "harness.h"
#include "mqtt/vector.h"

static struct vector vector;
static uint8_t room[4096], second[4096];

static bool writes(const struct coap_message *m, enum coap_framing framing, const char *text) {
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    vector_parse(&vector, text);
    bool ok = coap_codec_encode(&w, m, framing) == 0 && coap_codec_size(m, framing) == vector.size &&
              bytes_equal(bytes_of(room, bytes_written(&w)), vector_bytes(&vector));
    if (!ok)
        vector_dump("wrote", bytes_of(room, bytes_written(&w)));
    return ok;
}

static void bytes_are_those_of_the_specification(void) {
    /* RFC 7252 figure 16: GET coap://…/temperature and its answer */
    struct coap_option path = {COAP_URI_PATH, bytes_of_text("temperature")};
    struct coap_message get = {.type = COAP_CON, .code = COAP_GET, .id = 0x7d34, .list = &path, .count = 1};
    CU_ASSERT(writes(&get, COAP_UDP, "40 01 7D 34 BB 'temperature'"));
    struct coap_message content = {
        .type = COAP_ACK, .code = COAP_CONTENT, .id = 0x7d34, .payload = bytes_of_text("22.3 C")};
    CU_ASSERT(writes(&content, COAP_UDP, "60 45 7D 34 FF '22.3 C'"));
    get.token = bytes_of(" ", 1); /* figure 17 */
    CU_ASSERT(writes(&get, COAP_UDP, "41 01 7D 34 20 BB 'temperature'"));
    CU_ASSERT(writes(&get, COAP_TCP, "C1 01 20 BB 'temperature'"));
    CU_ASSERT(writes(&get, COAP_WS, "01 01 20 BB 'temperature'"));
    /* RFC 8323 figure 6: a CSM without options */
    struct coap_message csm = {.code = COAP_CSM};
    CU_ASSERT(writes(&csm, COAP_TCP, "00 E1"));
    struct coap_message reset = {.type = COAP_RST, .id = 0xffff};
    CU_ASSERT(writes(&reset, COAP_UDP, "70 00 FF FF"));
    struct coap_option one = {1, bytes_of(NULL, 0)};
    struct coap_message tiny = {.code = COAP_GET, .list = &one, .count = 1};
    CU_ASSERT(writes(&tiny, COAP_TCP, "10 01 10"));
}

static void what_cannot_be_encoded_is_refused(void) {
    struct coap_option falling[] = {{COAP_URI_QUERY, bytes_of_text("a")}, {COAP_URI_PATH, bytes_of_text("b")}};
    const struct coap_message bad[] = {
        {.code = COAP_GET, .token = bytes_of("123456789", 9)},
        {.code = COAP_EMPTY, .token = bytes_of("1", 1)},
        {.code = COAP_EMPTY, .payload = bytes_of("1", 1)},
        {.code = COAP_GET, .list = falling, .count = 2},
    };
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        CU_ASSERT_EQUAL(coap_codec_encode(&w, &bad[i], COAP_UDP), ERR_INVALID);
        CU_ASSERT_EQUAL(coap_codec_size(&bad[i], COAP_UDP), 0);
        CU_ASSERT_EQUAL(bytes_written(&w), 0);
    }
}

static void nothing_is_written_without_room(void) {
    struct coap_option options[] = {{COAP_URI_PATH, bytes_of_text("path")}, {300, bytes_of_text("x")}};
    struct coap_message m = {.type = COAP_NON,
                             .code = COAP_PUT,
                             .token = bytes_of("tok", 3),
                             .list = options,
                             .count = 2,
                             .payload = bytes_of_text("payload")};
    for (unsigned framing = COAP_UDP; framing <= COAP_WS; framing++) {
        size_t size = coap_codec_size(&m, (enum coap_framing)framing);
        for (size_t n = 0; n <= size; n++) {
            struct bytes_writer w = bytes_writer_of(room, n);
            CU_ASSERT_EQUAL(coap_codec_encode(&w, &m, (enum coap_framing)framing), n < size ? ERR_AGAIN : 0);
            CU_ASSERT_EQUAL(bytes_written(&w), n < size ? 0 : size);
            CU_ASSERT(!w.failed);
        }
    }
}

/* Every code, type, token length and option of the tables, at the ends of its lengths: printed, parsed, printed again. */
static void parse_print_parse_agrees(void) {
    static const uint8_t filler[2000] = {'a'};
    unsigned messages = 0;
    for (const struct coap_code_row *code = coap_tables_codes; code->name; code++) {
        for (unsigned framing = COAP_UDP; framing <= COAP_WS; framing++) {
            enum coap_kind kind = coap_tables_kind(code->code, (enum coap_framing)framing);
            if (kind == COAP_KIND_RESERVED || kind == COAP_KIND_EMPTY)
                continue;
            for (const struct coap_option_row *row = coap_tables_options; row->name; row++) {
                for (unsigned end = 0; end < 2; end++) {
                    struct coap_option option = {row->number, bytes_of(filler, end ? row->max : row->min)};
                    struct coap_message m = {.type = (uint8_t)(kind == COAP_KIND_REQUEST ? messages % 2 : messages % 3),
                                             .code = code->code,
                                             .id = (uint16_t)(messages * 257),
                                             .token = bytes_of("abcdefgh", messages % 9),
                                             .list = &option,
                                             .count = 1,
                                             .payload = bytes_of(filler, messages % 5 * 100)};
                    struct bytes_writer w = bytes_writer_of(room, sizeof room),
                                        v = bytes_writer_of(second, sizeof second);
                    struct coap_message again;
                    struct coap_fault fault;
                    size_t consumed;
                    CU_ASSERT_EQUAL(coap_codec_encode(&w, &m, (enum coap_framing)framing), 0);
                    struct bytes first = bytes_of(room, bytes_written(&w));
                    CU_ASSERT_EQUAL_FATAL(
                        coap_codec_decode(first, (enum coap_framing)framing, 0, &again, &consumed, &fault), 0);
                    CU_ASSERT_EQUAL(consumed, first.size);
                    CU_ASSERT_EQUAL(again.code, m.code);
                    CU_ASSERT(framing != COAP_UDP || (again.type == m.type && again.id == m.id));
                    CU_ASSERT(bytes_equal(again.token, m.token) && bytes_equal(again.payload, m.payload));
                    struct bytes value;
                    CU_ASSERT(coap_option_find(again.options, row->number, &value));
                    CU_ASSERT(bytes_equal(value, option.value));
                    CU_ASSERT_EQUAL(coap_codec_encode(&v, &again, (enum coap_framing)framing), 0);
                    CU_ASSERT(bytes_equal(first, bytes_of(second, bytes_written(&v))));
                    messages++;
                }
            }
        }
    }
    CU_ASSERT(messages > 4000);
}

HARNESS_MAIN("coap_codec_encode", HARNESS_CASE(bytes_are_those_of_the_specification),
             HARNESS_CASE(what_cannot_be_encoded_is_refused), HARNESS_CASE(nothing_is_written_without_room),
             HARNESS_CASE(parse_print_parse_agrees))
