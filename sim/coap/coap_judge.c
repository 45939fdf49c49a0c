#include "coap/coap_judge.h"

#include "base/err.h"
#include "base/utf8.h"

/* What one message is judged by. */
struct judge {
    const struct coap_message *m;
    enum coap_framing framing;
    bool bert, response;
    uint8_t place; /* COAP_CLIENT: a request */
    uint32_t previous;
};

static bool length_fits(const struct coap_option_row *row, struct bytes value) {
    return value.size >= row->min && value.size <= row->max;
}

/* A Block option cannot be ignored, and its size exponent has a reserved value. */
static int judge_block(const struct judge *j, const struct coap_option *o, struct coap_fault *fault) {
    struct coap_block block = {0};
    coap_option_block(o->value, &block);
    if (block.exponent == COAP_BLOCK_BERT && !j->bert)
        return coap_rule_break(j->response ? COAP_RULE_BLOCK_SIZE_RESPONSE : COAP_RULE_BLOCK_SIZE_REQUEST, j->framing,
                               o->number, fault);
    return 0;
}

static int judge_response_option(const struct judge *j, const struct coap_option *o, struct coap_fault *fault) {
    if (o->number == COAP_OBSERVE && coap_code_class(j->m->code) >= 4)
        return coap_rule_break(COAP_RULE_OBSERVE_ERROR, j->framing, o->number, fault);
    if (o->number == COAP_ETAG && j->previous == COAP_ETAG)
        return coap_rule_break(COAP_RULE_ETAGS, j->framing, o->number, fault);
    if (o->number == COAP_LOCATION_PATH &&
        (bytes_equal(o->value, bytes_of(".", 1)) || bytes_equal(o->value, bytes_of("..", 2))))
        return coap_rule_break(COAP_RULE_LOCATION_DOTS, j->framing, o->number, fault);
    return 0;
}

static int judge_option(const struct judge *j, const struct coap_option *o, struct coap_fault *fault) {
    const struct coap_option_row *row = coap_tables_option(j->m->code, o->number);
    bool critical = coap_option_critical(o->number);
    bool twice = row && o->number == j->previous && !(row->repeats & j->place);
    if (!row)
        return critical ? coap_rule_break(COAP_RULE_CRITICAL_UNKNOWN, j->framing, o->number, fault) : 0;
    if (o->number == COAP_HOP_LIMIT && j->place == COAP_CLIENT &&
        (!length_fits(row, o->value) || o->value.data[0] == 0))
        return coap_rule_break(COAP_RULE_HOP_LIMIT, j->framing, o->number, fault);
    if (j->response) {
        int result = judge_response_option(j, o, fault);
        if (result < 0)
            return result;
    }
    if (!critical)
        return 0;
    if (!(row->places & j->place))
        return coap_rule_break(COAP_RULE_OPTION_PLACE, j->framing, o->number, fault);
    if (!length_fits(row, o->value))
        return coap_rule_break(COAP_RULE_OPTION_LENGTH, j->framing, o->number, fault);
    bool block = o->number == COAP_BLOCK1 || o->number == COAP_BLOCK2;
    if (twice)
        return coap_rule_break(block ? COAP_RULE_BLOCK_TWICE : COAP_RULE_OPTION_TWICE, j->framing, o->number, fault);
    return block ? judge_block(j, o, fault) : 0;
}

static int judge_signal(const struct judge *j, struct coap_fault *fault) {
    struct coap_option_walk walk = coap_option_walk_of(j->m->options);
    struct coap_option o;
    while (coap_option_next(&walk, &o)) {
        const struct coap_option_row *row = coap_tables_option(j->m->code, o.number);
        if (coap_option_critical(o.number) && (!row || !length_fits(row, o.value)))
            return coap_rule_break(COAP_RULE_SIGNAL_CRITICAL_UNKNOWN, j->framing, o.number, fault);
    }
    return 0;
}

/* U+0000 is a character like others here, unlike in utf8_valid. */
static bool is_utf8(struct bytes text) {
    for (size_t at = 0, size; at < text.size; at += size) {
        size = utf8_sequence(text.data + at, text.size - at);
        if (size == 0)
            return false;
    }
    return true;
}

static int judge_payload(const struct judge *j, struct coap_fault *fault) {
    const struct coap_message *m = j->m;
    const struct coap_code_row *row = coap_tables_code(m->code);
    if (!j->response || m->payload.size == 0)
        return 0;
    if (row && !row->payload)
        return coap_rule_break(COAP_RULE_PAYLOAD_PLACE, j->framing, 0, fault);
    /* without Content-Format the payload of an error is a diagnostic text */
    struct bytes format;
    if (coap_code_class(m->code) >= 4 && !coap_option_find(m->options, COAP_CONTENT_FORMAT, &format) &&
        !is_utf8(m->payload))
        return coap_rule_break(COAP_RULE_DIAGNOSTIC_TEXT, j->framing, 0, fault);
    return 0;
}

int coap_judge_message(const struct coap_message *m, enum coap_framing framing, bool bert, struct coap_fault *fault) {
    enum coap_kind kind = coap_tables_kind(m->code, framing);
    struct judge j = {.m = m,
                      .framing = framing,
                      .bert = bert,
                      .response = kind == COAP_KIND_RESPONSE,
                      .place = kind == COAP_KIND_REQUEST ? COAP_CLIENT : COAP_SERVER,
                      .previous = UINT32_MAX};
    if (kind == COAP_KIND_SIGNAL)
        return judge_signal(&j, fault);
    if (kind != COAP_KIND_REQUEST && kind != COAP_KIND_RESPONSE)
        return 0;
    struct coap_option_walk walk = coap_option_walk_of(m->options);
    struct coap_option o;
    struct coap_fault found;
    int noted = 0;
    while (coap_option_next(&walk, &o)) {
        int result = judge_option(&j, &o, &found);
        if (result < 0 && (noted == 0 || found.reaction != COAP_NOTE))
            *fault = found;
        if (result < 0 && found.reaction != COAP_NOTE)
            return result;
        noted = noted < 0 ? noted : result;
        j.previous = o.number;
    }
    return noted < 0 ? noted : judge_payload(&j, fault);
}

bool coap_judge_find(const struct coap_message *m, uint32_t number, struct bytes *value) {
    const struct coap_option_row *row = coap_tables_option(m->code, number);
    uint8_t place = coap_code_class(m->code) == 0 ? COAP_CLIENT : COAP_SERVER;
    struct bytes found;
    if (!row || !(row->places & place) || !coap_option_find(m->options, number, &found) || !length_fits(row, found))
        return false;
    *value = found;
    return true;
}
