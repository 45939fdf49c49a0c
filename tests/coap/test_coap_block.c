#include "base/draw.h"
#include "bed.h"
#include "coap/coap_block.h"

enum { BODY = 1 << 20 };
static uint8_t body[BODY], received[BODY + 1024];
static const uint32_t sizes[] = {0, 1, 15, 16, 17, 63, 64, 1023, 1024, 1025, 4096, 65537, BODY};

static void fill(void) {
    static bool filled;
    if (!filled)
        draw_fill(5, 0, 1, 0, body, BODY);
    filled = true;
    memset(received, 0, sizeof received);
}

/* Encodes and decodes a message with such options, as if it had travelled. */
static struct coap_message travel(uint8_t code, const struct coap_options *options, struct bytes payload) {
    static uint8_t room[4096];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    struct coap_message m = {.code = code, .list = options->list, .count = options->count, .payload = payload}, out;
    struct coap_fault fault;
    size_t consumed;
    CHECK(coap_codec_encode(&w, &m, COAP_UDP) == 0);
    CHECK(coap_codec_decode(bytes_of(room, bytes_written(&w)), COAP_UDP, 0, &out, &consumed, &fault) == 0);
    return out;
}

static struct coap_message travel_block(uint8_t code, uint16_t number, struct coap_block block, struct bytes payload) {
    struct coap_options options = {0};
    coap_option_add_block(&options, number, block);
    return travel(code, &options, payload);
}

static void upload(uint32_t size, uint8_t theirs, uint8_t ours) {
    struct coap_upload u;
    struct coap_collect c;
    struct coap_fault fault;
    unsigned blocks = 0;
    enum coap_block_result result = COAP_BLOCK_MORE;
    coap_block_upload_begin(&u, size, theirs);
    coap_block_collect_begin(&c, BODY, ours);
    while (result == COAP_BLOCK_MORE && blocks < 70000) {
        struct coap_slice slice;
        struct coap_block block;
        struct bytes chunk;
        uint8_t answer;
        CU_ASSERT_EQUAL_FATAL(coap_block_upload_next(&u, &slice), 0);
        struct coap_message request =
            travel_block(COAP_PUT, COAP_BLOCK1, slice.block, bytes_of(body + slice.offset, slice.length));
        uint32_t at = slice.block.number == 0 ? 0 : c.offset;
        enum coap_block_result part = coap_block_collect_part(&c, &request, &chunk, &answer, &block);
        CU_ASSERT_FATAL(part == (slice.block.more ? COAP_BLOCK_MORE : COAP_BLOCK_DONE));
        if (chunk.size > 0)
            memcpy(received + at, chunk.data, chunk.size);
        struct coap_message response =
            travel_block(answer ? answer : COAP_CHANGED, COAP_BLOCK1, block, bytes_of(NULL, 0));
        result = coap_block_upload_answer(&u, &response, &fault);
        blocks++;
    }
    CU_ASSERT_EQUAL(result, COAP_BLOCK_DONE);
    CU_ASSERT_EQUAL(c.offset, size);
    CU_ASSERT(memcmp(received, body, size) == 0);
}

static void every_body_goes_up_in_every_size(void) {
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (uint8_t exponent = 0; exponent <= COAP_BLOCK_EXPONENT_MAX; exponent++) {
            fill();
            upload(sizes[i], exponent, COAP_BLOCK_EXPONENT_MAX);
            fill();
            upload(sizes[i], COAP_BLOCK_EXPONENT_MAX, exponent); /* [COAP-7959-2.5-5] the server wants them smaller */
        }
    }
}

static void download(uint32_t size, uint8_t ours, uint8_t theirs) {
    struct coap_download d;
    struct coap_fault fault;
    unsigned blocks = 0;
    enum coap_block_result result = COAP_BLOCK_MORE;
    coap_block_download_begin(&d, ours);
    while (result == COAP_BLOCK_MORE && blocks < 70000) {
        struct coap_slice slice;
        struct bytes chunk;
        CU_ASSERT_EQUAL_FATAL(coap_block_slice(size, coap_block_download_next(&d), theirs, &slice), 0);
        struct coap_message response =
            travel_block(COAP_CONTENT, COAP_BLOCK2, slice.block, bytes_of(body + slice.offset, slice.length));
        uint32_t at = d.offset;
        result = coap_block_download_answer(&d, &response, &chunk, &fault);
        CU_ASSERT_FATAL(at + chunk.size <= sizeof received);
        if (chunk.size > 0)
            memcpy(received + at, chunk.data, chunk.size);
        blocks++;
    }
    CU_ASSERT_EQUAL(result, COAP_BLOCK_DONE);
    CU_ASSERT_EQUAL(d.offset, size);
    CU_ASSERT(memcmp(received, body, size) == 0);
}

static void every_body_comes_down_in_every_size(void) {
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        for (uint8_t exponent = 0; exponent <= COAP_BLOCK_EXPONENT_MAX; exponent++) {
            fill();
            download(sizes[i], exponent, COAP_BLOCK_EXPONENT_MAX);
            fill();
            download(sizes[i], COAP_BLOCK_EXPONENT_MAX, exponent); /* [COAP-7959-2.4-1] */
        }
    }
}

static void slices_stay_inside_the_body(void) {
    struct coap_slice s;
    CU_ASSERT_EQUAL(coap_block_slice(100, (struct coap_block){1, false, 2}, 6, &s), 0);
    CU_ASSERT(s.offset == 64 && s.length == 36 && !s.block.more && s.block.number == 1);
    CU_ASSERT_EQUAL(coap_block_slice(100, (struct coap_block){2, false, 2}, 6, &s), ERR_INVALID);
    CU_ASSERT_EQUAL(coap_block_slice(128, (struct coap_block){2, false, 2}, 6, &s),
                    ERR_INVALID); /* just past the end */
    CU_ASSERT_EQUAL(coap_block_slice(100, (struct coap_block){COAP_BLOCK_NUMBER_MAX, false, 6}, 6, &s), ERR_INVALID);
    CU_ASSERT_EQUAL(coap_block_slice(UINT32_MAX, (struct coap_block){COAP_BLOCK_NUMBER_MAX, false, 6}, 0, &s),
                    ERR_INVALID); /* has no number in smaller blocks */
    CU_ASSERT_EQUAL(coap_block_slice(0, (struct coap_block){0, false, 6}, 6, &s), 0);
    CU_ASSERT(s.length == 0 && !s.block.more);
    CU_ASSERT_EQUAL(coap_block_slice(100, (struct coap_block){0, false, 7}, 6, &s), ERR_INVALID);
    struct coap_upload u;
    coap_block_upload_begin(&u, (16 << 20) + 1, 0);
    CU_ASSERT_EQUAL(coap_block_upload_next(&u, &s), ERR_INVALID);
    coap_block_upload_begin(&u, 16 << 20, 0);
    CU_ASSERT_EQUAL(coap_block_upload_next(&u, &s), 0);
}

static void a_server_may_have_it_otherwise(void) {
    struct coap_upload u;
    struct coap_fault fault = {0};
    struct bytes none = bytes_of(NULL, 0);
    coap_block_upload_begin(&u, 5000, 6);
    /* [COAP-7959-2.9.3-1] 4.13 with a smaller size: again from the start */
    struct coap_message m =
        travel_block(COAP_REQUEST_ENTITY_TOO_LARGE, COAP_BLOCK1, (struct coap_block){0, true, 4}, none);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_RESTART);
    CU_ASSERT(u.exponent == 4 && u.offset == 0);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault),
                    COAP_BLOCK_REFUSED); /* the same size again is a refusal */
    m = travel_block(COAP_CONTINUE, COAP_BLOCK1, (struct coap_block){0, true, 4}, none);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_MORE);
    CU_ASSERT_EQUAL(u.offset, 256);
    /* [COAP-7959-2.3-4] the answer names the block */
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_BROKEN);
    CU_ASSERT_STRING_EQUAL(fault.statement, "COAP-7959-2.3-4");
    /* [COAP-7959-2.9.2-1] parts were lost, so often and no more */
    struct coap_options empty = {0};
    m = travel(COAP_REQUEST_ENTITY_INCOMPLETE, &empty, none);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_RESTART);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_RESTART);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_REFUSED);
    m = travel(COAP_NOT_FOUND, &empty, none);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_REFUSED);
    m = travel(COAP_CHANGED, &empty, none);
    CU_ASSERT_EQUAL(coap_block_upload_answer(&u, &m, &fault), COAP_BLOCK_DONE);
}

static void downloads_hold_a_server_to_its_blocks(void) {
    static const struct {
        struct coap_block block;
        uint32_t length;
        const char *statement;
    } bad[] = {
        {{1, false, 2}, 10, "COAP-7959-2.4-6"}, {{0, false, 3}, 10, "COAP-7959-2.4-1"},
        {{0, true, 2}, 63, "COAP-7959-2.3-1"},  {{0, true, 2}, 65, "COAP-7959-2.3-1"},
        {{0, false, 2}, 65, "COAP-7959-2.3-1"},
    };
    struct coap_download d;
    struct coap_fault fault;
    struct bytes chunk;
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        coap_block_download_begin(&d, 2);
        struct coap_message m = travel_block(COAP_CONTENT, COAP_BLOCK2, bad[i].block, bytes_of(body, bad[i].length));
        CU_ASSERT_EQUAL(coap_block_download_answer(&d, &m, &chunk, &fault), COAP_BLOCK_BROKEN);
        CU_ASSERT_STRING_EQUAL(fault.statement, bad[i].statement);
    }
    struct coap_options empty = {0};
    coap_block_download_begin(&d, 2);
    struct coap_message m = travel(COAP_CONTENT, &empty, bytes_of(body, 700)); /* it fits one message */
    CU_ASSERT_EQUAL(coap_block_download_answer(&d, &m, &chunk, &fault), COAP_BLOCK_DONE);
    CU_ASSERT_EQUAL(chunk.size, 700);
    m = travel(COAP_NOT_FOUND, &empty, bytes_of(NULL, 0));
    CU_ASSERT_EQUAL(coap_block_download_answer(&d, &m, &chunk, &fault), COAP_BLOCK_REFUSED);
}

static void a_resource_that_changes_is_fetched_again(void) {
    struct coap_download d;
    struct coap_fault fault;
    struct bytes chunk;
    coap_block_download_begin(&d, 2);
    for (unsigned version = 0; version <= COAP_BLOCK_RESTARTS_MAX; version++) {
        for (uint32_t number = 0; number < 2; number++) {
            struct coap_options options = {0};
            uint8_t tag = (uint8_t)(version + number);
            coap_option_add(&options, COAP_ETAG, bytes_of(&tag, 1));
            coap_option_add_block(&options, COAP_BLOCK2, (struct coap_block){number, true, 2});
            struct coap_message m = travel(COAP_CONTENT, &options, bytes_of(body, 64));
            enum coap_block_result result = coap_block_download_answer(&d, &m, &chunk, &fault);
            if (number == 0)
                CU_ASSERT_EQUAL(result, COAP_BLOCK_MORE);
            if (number == 1)
                CU_ASSERT_EQUAL(result, version < COAP_BLOCK_RESTARTS_MAX ? COAP_BLOCK_RESTART : COAP_BLOCK_REFUSED);
        }
        CU_ASSERT_EQUAL(d.offset, 0);
    }
}

static uint8_t collected(struct coap_collect *c, uint32_t number, bool more, uint32_t length, int format,
                         const char *tag) {
    struct coap_options options = {0};
    struct coap_block block;
    struct bytes chunk;
    uint8_t answer;
    coap_option_add_block(&options, COAP_BLOCK1, (struct coap_block){number, more, 2});
    if (format >= 0)
        coap_option_add_uint(&options, COAP_CONTENT_FORMAT, (uint32_t)format);
    if (tag)
        coap_option_add(&options, COAP_REQUEST_TAG, bytes_of_text(tag));
    struct coap_message m = travel(COAP_PUT, &options, bytes_of(body, length));
    coap_block_collect_part(c, &m, &chunk, &answer, &block);
    return answer;
}

static void parts_are_collected_as_they_belong(void) {
    struct coap_collect c;
    coap_block_collect_begin(&c, 200, 6);
    CU_ASSERT_EQUAL(collected(&c, 1, false, 10, -1, NULL), COAP_REQUEST_ENTITY_INCOMPLETE); /* [COAP-7959-2.5-2] */
    CU_ASSERT_EQUAL(collected(&c, 0, true, 64, 60, NULL), COAP_CONTINUE);                   /* [COAP-7959-2.5-1] */
    CU_ASSERT_EQUAL(collected(&c, 2, true, 64, 60, NULL), COAP_REQUEST_ENTITY_INCOMPLETE);  /* [COAP-7959-2.5-3] */
    CU_ASSERT_EQUAL(collected(&c, 1, true, 64, 50, NULL), COAP_REQUEST_ENTITY_INCOMPLETE);  /* [COAP-7959-2.3-3] */
    CU_ASSERT_EQUAL(collected(&c, 1, true, 64, 60, "t"), COAP_REQUEST_ENTITY_INCOMPLETE);   /* [COAP-9175-3-1] */
    CU_ASSERT_EQUAL(collected(&c, 1, true, 63, 60, NULL), COAP_BAD_REQUEST);
    CU_ASSERT_EQUAL(collected(&c, 1, true, 64, 60, NULL), COAP_CONTINUE);
    CU_ASSERT_EQUAL(collected(&c, 0, true, 64, 50, "t"), COAP_CONTINUE); /* [COAP-7959-2.5-6] */
    CU_ASSERT_EQUAL(collected(&c, 1, true, 64, 50, "t"), COAP_CONTINUE);
    CU_ASSERT_EQUAL(collected(&c, 2, true, 64, 50, "t"), COAP_CONTINUE);
    CU_ASSERT_EQUAL(collected(&c, 3, false, 9, 50, "t"), COAP_REQUEST_ENTITY_TOO_LARGE);
    CU_ASSERT_EQUAL(collected(&c, 0, false, 64, -1, NULL), 0); /* one block is a body */
    CU_ASSERT_EQUAL(collected(&c, 1, false, 1, -1, NULL), COAP_REQUEST_ENTITY_INCOMPLETE);
}

/* A mebibyte comes whole through a network that loses one datagram in five, each way. */
static void losses_cost_time_only(void) {
    static struct bed client, server;
    struct coap_download d;
    struct coap_fault fault;
    enum coap_block_result result = COAP_BLOCK_MORE;
    uint64_t datagrams = 0, resent = 0;
    fill();
    bed_begin(&client);
    bed_begin(&server);
    client.config.timing.max_retransmit = 12;
    coap_block_download_begin(&d, COAP_BLOCK_EXPONENT_MAX);
    while (result == COAP_BLOCK_MORE) {
        struct coap_options options = {0};
        coap_option_add_block(&options, COAP_BLOCK2, coap_block_download_next(&d));
        struct coap_sending request = {
            .code = COAP_GET, .confirmable = true, .list = options.list, .count = options.count};
        struct op op = {0};
        bed_at(&client, client.step.now + SPAN_MIN);
        CU_ASSERT_EQUAL_FATAL(coap_endpoint_request(&client.endpoint, &client.config, &client.step, &request, &op), 0);
        while (client.endpoint.exchange_count > 0) {
            bool there = draw_u64(9, 0, 1, datagrams++) % 5 > 0, back = draw_u64(9, 0, 1, datagrams++) % 5 > 0;
            if (there) {
                bed_at(&server, client.step.now);
                coap_endpoint_input(&server.endpoint, &server.config, &server.step,
                                    coap_step_datagram(&client.step, 0));
                const struct coap_event *event = bed_event(&server, 0);
                if (event->kind == COAP_EVENT_REQUEST) {
                    struct coap_block wanted;
                    struct coap_slice slice;
                    struct coap_options answer = {0};
                    CU_ASSERT_FATAL(coap_option_find_block(event->message.options, COAP_BLOCK2, &wanted));
                    CU_ASSERT_EQUAL_FATAL(coap_block_slice(BODY, wanted, COAP_BLOCK_EXPONENT_MAX, &slice), 0);
                    coap_option_add_block(&answer, COAP_BLOCK2, slice.block);
                    struct coap_message response = {.code = COAP_CONTENT,
                                                    .list = answer.list,
                                                    .count = answer.count,
                                                    .payload = bytes_of(body + slice.offset, slice.length)};
                    coap_endpoint_reply(&server.endpoint, &server.config, &server.step, &event->message, &response);
                }
            }
            if (there && back) {
                struct bytes chunk;
                uint32_t at = d.offset;
                bed_at(&client, client.step.now + 40 * SPAN_MS);
                coap_endpoint_input(&client.endpoint, &client.config, &client.step,
                                    coap_step_datagram(&server.step, 0));
                CU_ASSERT_FATAL(bed_told(&client, "R"));
                result = coap_block_download_answer(&d, &bed_event(&client, 0)->message, &chunk, &fault);
                CU_ASSERT_FATAL(chunk.size <= BODY - at);
                memcpy(received + at, chunk.data, chunk.size);
            } else {
                bed_due(&client, coap_endpoint_next_deadline(&client.endpoint));
                CU_ASSERT_FATAL(bed_told(&client, "A"));
                resent++;
            }
        }
    }
    CU_ASSERT_EQUAL(result, COAP_BLOCK_DONE);
    CU_ASSERT(memcmp(received, body, BODY) == 0);
    CU_ASSERT(resent > 400); /* 1,024 blocks, of which 36 % have to be sent again, some repeatedly: some 576 */
    bed_end(&client);
    bed_end(&server);
}

HARNESS_MAIN("coap_block", HARNESS_CASE(every_body_goes_up_in_every_size),
             HARNESS_CASE(every_body_comes_down_in_every_size), HARNESS_CASE(slices_stay_inside_the_body),
             HARNESS_CASE(a_server_may_have_it_otherwise), HARNESS_CASE(downloads_hold_a_server_to_its_blocks),
             HARNESS_CASE(a_resource_that_changes_is_fetched_again), HARNESS_CASE(parts_are_collected_as_they_belong),
             HARNESS_CASE(losses_cost_time_only))
