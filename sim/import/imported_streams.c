#include "import/imported_streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/template.h"
#include "import/estimate.h"
#include "import/scalar.h"
#include "mqtt/mqtt_topic.h"
#include "scenario/plan_streams.h"

enum {
    LISTED_MAX = 4000,            /* messages of one list; a list of the language may have 4,096 */
    PAYLOAD_TEXT_MAX = 128 << 10, /* bytes of a payload that is written out */
    REGULAR_LEAST = 5,            /* messages from which on a period is believed */
    MODEL_LISTED_MAX = 2,         /* messages that have no gaps to speak of */
    NAMED_MAX = 20                /* of what is left out */
};
/* How far a message may lie from a regular schedule that is to stand for it exactly. */
static const span exact_least = 10 * SPAN_MS, exact_most = 50 * SPAN_MS;
enum { EXACT_PART = 1000 };

struct work {
    const struct observed *o;
    const struct imported_options *options;
    int64_t zero_ns;
    span duration;
    uint32_t *of; /* numbers of messages, stream by stream */
    struct text *out;
    size_t before;    /* bytes of the scenario that stand before this */
    unsigned entries; /* of telemetry, so far */
};

/* The messages of one stream. */
struct part {
    const struct observed_stream *stream;
    const uint32_t *messages;
    uint32_t count;
    uint32_t least, most; /* sizes */
    bool same;            /* all payloads are alike */
    bool kept;            /* all payloads are there */
};

static const struct observed_message *message_at(const struct work *w, const struct part *p, uint32_t i) {
    return &w->o->messages[p->messages[i]];
}

static span offset_of(const struct work *w, const struct observed_message *m) {
    return imported_offset(w->zero_ns, m->unix_ns);
}

static struct bytes payload_of(const struct observed_message *m) {
    return bytes_of(m->payload, m->payload == NULL ? 0 : m->size);
}

static bool has_payload(const struct observed_message *m) {
    return (m->payload != NULL || m->size == 0) && m->size <= PAYLOAD_TEXT_MAX;
}

static struct part part_of(const struct work *w, const struct observed_stream *s, const uint32_t *messages) {
    struct part p = {s, messages, s->count, UINT32_MAX, 0, true, true};
    for (uint32_t i = 0; i < p.count; i++) {
        const struct observed_message *m = message_at(w, &p, i);
        p.least = m->size < p.least ? m->size : p.least;
        p.most = m->size > p.most ? m->size : p.most;
        p.same = p.same && m->hash == message_at(w, &p, 0)->hash && m->size == message_at(w, &p, 0)->size;
        p.kept = p.kept && has_payload(m);
    }
    return p;
}

/* --- pieces of an entry -------------------------------------------------------------------------------------------------- */

static void write_random(uint32_t size, struct text *out) {
    text_printf(out, "random(%uB)", size > TEMPLATE_RANDOM_MAX ? (unsigned)TEMPLATE_RANDOM_MAX : size);
}

static void write_text_key(const char *key, struct bytes value, struct text *out) {
    if (!scalar_is_sayable(value)) {
        text_printf(out, "        # %s is no text and is left out\n", key);
        return;
    }
    text_printf(out, "        %s: ", key);
    scalar_write(value, true, out);
    text_append(out, "\n");
}

/* User properties of equal names cannot both be keys of a map. */
static void write_user_properties(const struct observed_stream *s, struct text *out) {
    bool begun = false;
    for (unsigned i = 0; i < s->user_property_count; i++) {
        const struct mqtt_user_property *u = &s->user_properties[i];
        bool again = !scalar_is_plain(u->name) || !scalar_is_plain(u->value) || u->name.size == 0;
        for (unsigned k = 0; k < i; k++)
            again = again || bytes_equal(s->user_properties[k].name, u->name);
        if (again) {
            text_append(out, "        # a user property that is no text, or whose name comes twice, is left out\n");
            continue;
        }
        if (!begun)
            text_append(out, "        user_properties:\n");
        begun = true;
        text_append(out, "          ");
        scalar_write(u->name, false, out);
        text_append(out, ": ");
        scalar_write(u->value, false, out);
        text_append(out, "\n");
    }
}

/* What all entries of a stream begin with. */
static void begin_entry(struct work *w, const struct observed_stream *s, struct text *out) {
    text_append(out, "      - topic: ");
    scalar_write(bytes_of_text(s->topic), true, out);
    text_printf(out, "\n        qos: %u\n", s->qos);
    if (s->retain)
        text_append(out, "        retain: true\n");
    text_append(out, "        audit: none # nothing may be added to what the device sent\n");
    if (w->o->version != MQTT_5_0)
        return;
    if (s->varies)
        text_append(out, "        # its messages differ in their properties: these are the first one's\n");
    if (s->message_expiry_s > 0)
        text_printf(out, "        message_expiry: %us\n", s->message_expiry_s);
    if (s->content_type != NULL)
        write_text_key("content_type", bytes_of_text(s->content_type), out);
    if (s->response_topic != NULL)
        write_text_key("response_topic", bytes_of_text(s->response_topic), out);
    if (s->correlation_data.size > 0)
        write_text_key("correlation_data", s->correlation_data, out);
    write_user_properties(s, out);
}

static void write_payload_key(const struct work *w, const struct part *p, bool sizes, struct text *out) {
    const struct observed_message *first = message_at(w, p, 0);
    if (p->most == 0)
        return;
    text_append(out, "        payload: ");
    if (p->same && p->kept && !sizes)
        scalar_write_payload(payload_of(first), out);
    else
        write_random(p->least + (p->most - p->least) / 2, out);
    text_append(out, "\n");
}

/* --- the gaps ------------------------------------------------------------------------------------------------------------ */

/* Only between messages of one connection: the others say how long the device was away. */
static struct estimate gaps_of(const struct work *w, const struct part *p) {
    span *gaps = malloc((p->count + 1) * sizeof *gaps);
    uint32_t count = 0;
    CHECK(gaps != NULL);
    for (uint32_t i = 1; i < p->count; i++) {
        const struct observed_message *m = message_at(w, p, i), *before = message_at(w, p, i - 1);
        if (m->connection == before->connection)
            gaps[count++] = m->unix_ns - before->unix_ns;
    }
    struct estimate e = estimate_of(gaps, count);
    free(gaps);
    return e;
}

static void write_facts(const struct work *w, const struct part *p, const struct estimate *e, struct text *out) {
    text_append(out, "      # ");
    scalar_write_comment(bytes_of_text(p->stream->topic), 60, out);
    text_printf(out, ": %u message%s of %u", p->count, p->count == 1 ? "" : "s", p->least);
    if (p->most != p->least)
        text_printf(out, " to %u", p->most);
    text_printf(out, " B%s, from ", p->same && p->count > 1 ? ", all alike" : "");
    estimate_write_about(offset_of(w, message_at(w, p, 0)), out);
    if (p->count > 1) {
        text_append(out, " to ");
        estimate_write_about(offset_of(w, message_at(w, p, p->count - 1)), out);
    }
    if (e->gaps > 0) {
        text_append(out, "\n      # gaps ");
        estimate_write_about(e->least, out);
        text_append(out, " to ");
        estimate_write_about(e->most, out);
        text_append(out, ", median ");
        estimate_write_about(e->median, out);
    }
    if (e->gaps > 1) {
        text_append(out, "; as a model: every: ");
        estimate_write(e, out);
    }
    text_append(out, "\n");
}

/* --- manners ------------------------------------------------------------------------------------------------------------- */

/* A stream that a period and one payload say wholly: its messages lie on it, and it goes on to the end. */
static bool write_regular(struct work *w, const struct part *p, struct text *out) {
    bool sizes = w->options->sizes;
    if (p->count < REGULAR_LEAST ||
        !(sizes ? p->least == p->most && p->most <= TEMPLATE_RANDOM_MAX : p->same && p->kept))
        return false;
    int64_t *at = malloc(p->count * sizeof *at);
    CHECK(at != NULL);
    for (uint32_t i = 0; i < p->count; i++)
        at[i] = offset_of(w, message_at(w, p, i));
    span tolerance = (at[p->count - 1] - at[0]) / (p->count - 1) / EXACT_PART;
    tolerance = tolerance < exact_least ? exact_least : tolerance > exact_most ? exact_most : tolerance;
    span period = estimate_period(at, p->count, &tolerance), first = at[0];
    bool whole = period > 2 * exact_least && first + (span)p->count * period >= w->duration &&
                 first + (span)(p->count - 1) * period < w->duration;
    free(at);
    if (!whole)
        return false;
    begin_entry(w, p->stream, out);
    text_append(out, "        first: ");
    estimate_write_span(first, out);
    text_append(out, "\n        every: ");
    estimate_write_span(period, out);
    text_append(out, " # no message lies further from this than ");
    estimate_write_about(tolerance, out);
    text_append(out, "\n");
    write_payload_key(w, p, sizes, out);
    w->entries++;
    return true;
}

/* Every message with its instant. */
static void write_listed(struct work *w, const struct part *p, bool sizes, struct text *out) {
    bool common = p->same && p->kept && !sizes;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct observed_message *m = message_at(w, p, i);
        if (i % LISTED_MAX == 0) {
            begin_entry(w, p->stream, out);
            if (common)
                write_payload_key(w, p, false, out);
            text_append(out, "        messages:\n");
            w->entries++;
        }
        text_append(out, "          - {at: ");
        estimate_write_span(offset_of(w, m), out);
        if (!common && m->size > 0) {
            text_append(out, ", payload: ");
            if (!sizes && has_payload(m))
                scalar_write_payload(payload_of(m), out);
            else
                write_random(m->size, out);
        }
        text_append(out, "}\n");
    }
}

static void write_model(struct work *w, const struct part *p, const struct estimate *e, struct text *out) {
    begin_entry(w, p->stream, out);
    text_append(out, "        every: ");
    estimate_write(e, out);
    text_append(out, "\n");
    write_payload_key(w, p, w->options->sizes, out);
    w->entries++;
}

static bool fits(const struct work *w, const struct text *more) {
    return w->before + w->out->size + more->size <= IMPORTED_SIZE_MAX && w->entries <= PLAN_STREAMS_MAX;
}

static void forget(struct work *w, struct text *draft, unsigned entries) {
    text_free(draft);
    w->entries = entries;
}

static void write_stream(struct work *w, const struct part *p) {
    struct estimate e = gaps_of(w, p);
    struct text draft = {0};
    unsigned entries = w->entries;
    bool model = w->options->model && e.gaps > 0 && p->count > MODEL_LISTED_MAX;
    write_facts(w, p, &e, w->out);
    if (!model && !write_regular(w, p, &draft))
        write_listed(w, p, w->options->sizes, &draft);
    if (!model && !fits(w, &draft) && !w->options->sizes) {
        forget(w, &draft, entries);
        text_append(w->out, "      # too many bytes for a scenario: only the sizes of its payloads stand here\n");
        write_listed(w, p, true, &draft);
    }
    if (!model && !fits(w, &draft) && e.gaps > 0) {
        forget(w, &draft, entries);
        text_append(w->out, "      # too many messages for a scenario: a model stands for them\n");
        model = true;
    }
    if (model)
        write_model(w, p, &e, &draft);
    if (fits(w, &draft)) {
        text_append_n(w->out, text_get(&draft), draft.size);
    } else {
        w->entries = entries;
        text_append(w->out, "      # there is no room left for it: left out\n");
    }
    text_free(&draft);
}

static bool is_topic(const struct observed_stream *s) {
    struct bytes topic = bytes_of_text(s->topic);
    return scalar_is_sayable(topic) && mqtt_topic_name_valid(topic) && !mqtt_topic_has_wildcard(topic);
}

/* Messages by stream, in their order. */
static uint32_t *sort_by_stream(const struct observed *o, uint32_t *starts) {
    uint32_t *of = malloc((o->message_count + 1) * sizeof *of), at = 0;
    CHECK(of != NULL);
    for (unsigned s = 0; s < o->stream_count; s++) {
        starts[s] = at;
        at += o->streams[s].count;
    }
    for (uint32_t i = 0; i < o->message_count; i++)
        of[starts[o->messages[i].stream]++] = i;
    for (unsigned s = 0; s < o->stream_count; s++)
        starts[s] -= o->streams[s].count;
    return of;
}

void imported_streams_write(const struct observed *o, const struct imported_options *options, int64_t zero_ns,
                            span duration, struct text *out) {
    uint32_t starts[OBSERVED_STREAMS_MAX];
    struct work w = {.o = o, .options = options, .zero_ns = zero_ns, .duration = duration, .out = out};
    unsigned left_out = 0;
    if (o->message_count == 0) {
        text_append(out, "    # no messages were seen\n");
        return;
    }
    w.of = sort_by_stream(o, starts);
    struct text streams = {0};
    w.out = &streams;
    w.before = out->size;
    for (unsigned s = 0; s < o->stream_count; s++) {
        if (is_topic(&o->streams[s]) && w.entries < PLAN_STREAMS_MAX && streams.size + out->size < IMPORTED_SIZE_MAX) {
            struct part p = part_of(&w, &o->streams[s], w.of + starts[s]);
            write_stream(&w, &p);
        } else if (left_out++ < NAMED_MAX) {
            text_append(&streams, "      # left out: ");
            scalar_write_comment(bytes_of_text(o->streams[s].topic), 60, &streams);
            text_printf(&streams, ", %u messages\n", o->streams[s].count);
        }
    }
    if (left_out > 0)
        text_printf(&streams,
                    "      # left out in all: %u streams, for which there is no room or whose topic is none\n",
                    left_out);
    if (w.entries > 0)
        text_append(out, "    telemetry:\n");
    text_append_n(out, text_get(&streams), streams.size);
    text_free(&streams);
    free(w.of);
}
