#include "import/imported.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "import/estimate.h"
#include "import/imported_streams.h"
#include "import/scalar.h"
#include "mqtt/mqtt_session.h"
#include "mqtt/mqtt_topic.h"

enum {
    NAMED_MAX = 10,
    PACKET_LEAST = 16, /* what maximum_packet_size takes */
    PACKET_MOST = 1 << 20
};
static const span tail = 100 * SPAN_MS;                    /* after the last event, so that it lies within the run */
static const int64_t latest_epoch_s = INT64_C(7258118400); /* 2200: later clocks are wrong */

struct work {
    const struct observed *o;
    const struct talk_counts *counts;
    const struct imported_options *options;
    int64_t zero_ns; /* t = 0: the device's first connect */
    span duration;
    struct text *out;
};

static void write_at(const struct work *w, int64_t unix_ns, struct text *out) {
    estimate_write_span(imported_offset(w->zero_ns, unix_ns), out);
}

static struct bytes text_of(const char *s) {
    return bytes_of_text(s == NULL ? "" : s);
}

static void write_count(struct text *out, uint64_t count, const char *one, const char *many) {
    text_printf(out, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

/* The end of a connection that was seen, or 0: it was open when the capture ended, or nobody saw it end. */
static int64_t end_of(const struct observed_connection *c) {
    return c->goodbye_ns > 0 ? c->goodbye_ns : c->how == STREAMS_UNSEEN ? 0 : c->ended_ns;
}

/* --- the first lines ------------------------------------------------------------------------------------------------------ */

static void write_clock(int64_t unix_ns, struct text *out) {
    char text[40] = "";
    time_t seconds = (time_t)(unix_ns / SPAN_S);
    struct tm tm;
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    text_append(out, text);
}

static void write_losses(const struct work *w) {
    const struct observed *o = w->o;
    uint64_t lost = 0, too_large = 0;
    for (unsigned i = 0; i < o->connection_count; i++) {
        lost += o->connections[i].lost;
        too_large += o->connections[i].too_large;
        if (o->connections[i].deaf_ns > 0) {
            text_printf(w->out, "# Connection %u could not be understood from ", i + 1);
            write_at(w, o->connections[i].deaf_ns, w->out);
            text_printf(w->out, " on: %s.\n", o->connections[i].why_deaf);
        }
    }
    if (lost > 0)
        text_printf(w->out, "# %llu bytes of it are not in the capture: what they said is missing here.\n",
                    (unsigned long long)lost);
    if (too_large > 0)
        text_printf(w->out, "# %llu of its packets were lost or larger than 1 MiB, and are left out.\n",
                    (unsigned long long)too_large);
    if (o->left_out > 0)
        text_printf(w->out, "# %llu of its packets went beyond what is kept, and are left out.\n",
                    (unsigned long long)o->left_out);
    if (w->counts->trouble != NULL)
        text_printf(w->out, "# The capture could be read up to a point only: %s.\n", w->counts->trouble);
}

static void write_head(const struct work *w) {
    const struct observed *o = w->o;
    char server[64];
    struct text *out = w->out;
    text_append(out, "# The MQTT device ");
    if (*o->client_id != '\0')
        scalar_write_comment(text_of(o->client_id), 64, out);
    else
        text_printf(out, "at %s", address_format(&o->client, server, sizeof server));
    text_append(out, ", as ");
    scalar_write_comment(text_of(w->options->source), 120, out);
    text_append(out, " shows it; written by muster import.\n# Seen: ");
    write_count(out, o->connection_count, "connection", "connections");
    text_append(out, " and ");
    write_count(out, o->message_count, "message", "messages");
    text_append(out, " in ");
    estimate_write_about(w->duration - tail, out);
    text_append(out, " from ");
    write_clock(w->zero_ns, out);
    text_append(out, " on, which is t = 0 here.\n");
    write_losses(w);
    text_append(out,
                w->options->model
                    ? "# A model: times are drawn from what was seen. A fleet of such devices: raise `count` and put "
                      "${device.id}\n# into client_id and topics.\n"
                    : "# Exact: the device sends what was seen, when it was seen, counted from its first connect.\n");
    text_append(out, "version: 1\nname: ");
    struct text name = {0};
    text_append(&name, "import of ");
    bool named = *o->client_id != '\0' && scalar_is_plain(text_of(o->client_id));
    scalar_write_comment(text_of(named ? o->client_id : "a device"), 64, &name);
    scalar_write(bytes_of_text(text_get(&name)), false, out);
    text_free(&name);
    text_append(out, "\nseed: 1 # of what is drawn: random payloads, and times of models\n");
    if (w->zero_ns / SPAN_S < latest_epoch_s) {
        text_append(out, "epoch: ");
        write_clock(w->zero_ns, out);
        text_append(out, " # what clocks showed at t = 0\n");
    }
    text_append(out, "duration: ");
    estimate_write_span(w->duration, out);
    text_printf(out, "\ntarget: builtin # seen: mqtt://%s; run with --target to send the device somewhere\n\n",
                address_format(&o->server, server, sizeof server));
}

/* --- identity ------------------------------------------------------------------------------------------------------------ */

static void write_identity(const struct work *w) {
    const struct observed *o = w->o;
    struct text *out = w->out;
    text_append(out, "identities:\n  device:\n");
    if (o->has_user || o->has_password)
        text_append(out, "    kind: password\n");
    text_append(out, "    client_id: ");
    if (scalar_is_sayable(text_of(o->client_id))) {
        scalar_write(text_of(o->client_id), true, out);
        if (*o->client_id == '\0') {
            text_append(out, " # none: the server assigned ");
            scalar_write_comment(text_of(o->assigned_id == NULL ? "one" : o->assigned_id), 64, out);
        }
        text_append(out, "\n");
    } else {
        text_append(out, "imported # the device's own is nothing that a scenario can say\n");
    }
    if (o->has_user && scalar_is_sayable(text_of(o->user))) {
        text_append(out, "    user: ");
        scalar_write(text_of(o->user), true, out);
        text_append(out, "\n");
    } else if (o->has_user) {
        text_append(out, "    # its user name is nothing that a scenario can say, and is left out\n");
    }
    if (o->has_password)
        text_append(out,
                    "    # a password was sent; it is not written anywhere. Give it as MUSTER_SECRET_DEVICE_PASSWORD.\n"
                    "    password: ${secret.DEVICE_PASSWORD}\n");
    text_append(out, "\n");
}

/* --- profile ------------------------------------------------------------------------------------------------------------- */

static void write_will(const struct work *w) {
    const struct observed *o = w->o;
    struct text *out = w->out;
    struct bytes topic = text_of(o->will_topic);
    if (!scalar_is_sayable(topic) || !mqtt_topic_name_valid(topic) || mqtt_topic_has_wildcard(topic)) {
        text_append(out, "      # it had a will, on a topic that a scenario cannot say: left out\n");
        return;
    }
    text_append(out, "      will:\n        topic: ");
    scalar_write(topic, true, out);
    text_append(out, "\n        payload: ");
    scalar_write_payload(o->will_payload, out);
    text_printf(out, "\n        qos: %u\n        retain: %s\n", o->will_qos, o->will_retain ? "true" : "false");
    if (mqtt_properties_has(&o->will, MQTT_WILL_DELAY_INTERVAL))
        text_printf(out, "        delay: %us\n", o->will.will_delay_interval);
    if (mqtt_properties_has(&o->will, MQTT_MESSAGE_EXPIRY_INTERVAL))
        text_printf(out, "        expiry: %us\n", o->will.message_expiry_interval);
}

static void write_user_properties(const struct work *w) {
    const struct observed *o = w->o;
    bool begun = false;
    for (unsigned i = 0; i < o->user_property_count; i++) {
        const struct mqtt_user_property *u = &o->user_properties[i];
        bool sayable = u->name.size > 0 && scalar_is_plain(u->name) && scalar_is_plain(u->value);
        for (unsigned k = 0; k < i; k++)
            sayable = sayable && !bytes_equal(u->name, o->user_properties[k].name);
        if (!sayable) {
            text_append(w->out, "      # a user property that is no text, or whose name comes twice, is left out\n");
            continue;
        }
        if (!begun)
            text_append(w->out, "      user_properties:\n");
        begun = true;
        text_append(w->out, "        ");
        scalar_write(u->name, false, w->out);
        text_append(w->out, ": ");
        scalar_write(u->value, false, w->out);
        text_append(w->out, "\n");
    }
}

static void write_properties(const struct work *w) {
    const struct observed *o = w->o;
    const struct mqtt_properties *p = &o->properties;
    struct text *out = w->out;
    if (mqtt_properties_has(p, MQTT_SESSION_EXPIRY_INTERVAL)) {
        if (p->session_expiry_interval == UINT32_MAX)
            text_append(out, "      session_expiry: never\n");
        else
            text_printf(out, "      session_expiry: %us\n", p->session_expiry_interval);
    }
    if (mqtt_properties_has(p, MQTT_RECEIVE_MAXIMUM))
        text_printf(out, "      receive_maximum: %u\n", p->receive_maximum);
    if (mqtt_properties_has(p, MQTT_MAXIMUM_PACKET_SIZE)) {
        bool allowed = p->maximum_packet_size >= PACKET_LEAST && p->maximum_packet_size <= PACKET_MOST;
        text_printf(out, "      %smaximum_packet_size: %uB%s\n", allowed ? "" : "# ", p->maximum_packet_size,
                    allowed ? "" : " was announced; a scenario takes 16 B to 1 MiB");
    }
    if (mqtt_properties_has(p, MQTT_TOPIC_ALIAS_MAXIMUM))
        text_printf(out, "      topic_alias_maximum: %u\n", p->topic_alias_maximum);
    if (mqtt_properties_has(p, MQTT_REQUEST_RESPONSE_INFORMATION))
        text_printf(out, "      request_response_information: %s\n",
                    p->request_response_information ? "true" : "false");
    if (mqtt_properties_has(p, MQTT_REQUEST_PROBLEM_INFORMATION))
        text_printf(out, "      request_problem_information: %s\n", p->request_problem_information ? "true" : "false");
    if (o->uses_aliases)
        text_append(out, "      topic_aliases: true # it used them\n");
    if (o->auth_method != NULL && *o->auth_method != '\0' && scalar_is_sayable(text_of(o->auth_method))) {
        text_append(out, "      auth: # its data is not written anywhere\n        method: ");
        scalar_write(text_of(o->auth_method), true, out);
        text_append(out, "\n");
    }
    write_user_properties(w);
}

/* Was the connection lost: did it end without the device's good-bye, so that a policy brings it back? */
static bool is_lost(const struct observed *o, unsigned i) {
    return o->connections[i].goodbye_ns == 0 && i + 1 < o->connection_count;
}

/* From each loss to the next attempt. */
static struct estimate absences(const struct observed *o) {
    span *gaps = malloc((o->connection_count + 1) * sizeof *gaps);
    uint32_t count = 0;
    CHECK(gaps != NULL);
    for (unsigned i = 0; i + 1 < o->connection_count; i++) {
        const struct observed_connection *c = &o->connections[i];
        int64_t next = o->connections[i + 1].opened_ns, end = end_of(c) > 0 ? end_of(c) : c->last_ns;
        for (unsigned k = 0; k < o->tried_count; k++)
            if (o->tried[k] > end && o->tried[k] < next)
                next = o->tried[k];
        if (is_lost(o, i) && next > end)
            gaps[count++] = next - end;
    }
    struct estimate e = estimate_of(gaps, count);
    free(gaps);
    return e;
}

static void write_policy(const struct estimate *e, struct text *out) {
    text_append(out, "{policy: fixed, first: ");
    estimate_write_about(e->kind == ESTIMATE_REGULAR ? e->median : e->most, out);
    text_printf(out, ", jitter: %s}", e->kind == ESTIMATE_REGULAR ? "none" : "full");
}

static void write_reconnect(const struct work *w) {
    const struct observed *o = w->o;
    struct text *out = w->out;
    struct estimate e = absences(o);
    if (e.gaps == 0) {
        text_append(out, "    # it never lost a connection and came back: how it would is not known\n");
        if (!w->options->model)
            text_append(out, "    reconnect: {policy: never}\n");
        return;
    }
    text_append(out, "    # ");
    write_count(out, e.gaps, "time it lost its connection; it tried again after ",
                "times it lost its connection; it tried again after ");
    estimate_write_about(e.least, out);
    if (e.gaps > 1) {
        text_append(out, " to ");
        estimate_write_about(e.most, out);
        text_append(out, ", median ");
        estimate_write_about(e.median, out);
    }
    if (o->tried_count > 0)
        text_printf(out, "; %u attempts got no answer", o->tried_count);
    text_append(out, "\n    reconnect: ");
    if (w->options->model) {
        write_policy(&e, out);
        text_append(out, "\n");
        return;
    }
    text_append(out, "{policy: never} # the timeline has its connects; left to itself: ");
    write_policy(&e, out);
    text_append(out, "\n");
}

static void write_profile(const struct work *w) {
    const struct observed *o = w->o;
    struct text *out = w->out;
    uint64_t pings = 0;
    for (unsigned i = 0; i < o->connection_count; i++)
        pings += o->connections[i].pings;
    text_append(out, "profiles:\n  device:\n");
    text_printf(out, "    protocol: %s\n    mqtt:\n", o->version == MQTT_5_0 ? "mqtt5" : "mqtt311");
    text_printf(out, "      keepalive: %us # ", o->keep_alive);
    write_count(out, pings, "ping was", "pings were");
    text_append(out, " seen; Muster sends them by the same rule, not at the same instants\n");
    text_printf(out, "      clean_start: %s\n", o->clean_start ? "true" : "false");
    if (!w->options->model)
        text_append(out, "      inflight: 65535 # its own window is in its instants already\n"
                         "      on_session_lost: drop # nothing is sent that was not seen\n");
    if (o->differing > 0)
        text_printf(out,
                    "      # %u later connections introduced themselves otherwise: these are the first one's values\n",
                    o->differing);
    if (o->version == MQTT_5_0)
        write_properties(w);
    if (o->has_will)
        write_will(w);
    write_reconnect(w);
    if (!w->options->model)
        text_append(out,
                    "    buffer: {qos0: true} # what falls due while the connection is made goes out when it stands\n");
    text_append(out, "\n");
}

/* --- fleet --------------------------------------------------------------------------------------------------------------- */

static void write_filter(const struct observed_filter *f, uint8_t version, struct text *out) {
    text_append(out, "      - {filter: ");
    scalar_write(text_of(f->filter), true, out);
    text_printf(out, ", qos: %u", f->qos);
    if (version == MQTT_5_0 && f->no_local)
        text_append(out, ", no_local: true");
    if (version == MQTT_5_0 && f->retain_handling > 0)
        text_printf(out, ", retain_handling: %u", f->retain_handling);
    if (version == MQTT_5_0 && f->retain_as_published)
        text_append(out, ", retain_as_published: true");
    if (version == MQTT_5_0 && f->id > 0)
        text_printf(out, ", id: %u", f->id);
    text_append(out, "} # asked for ");
    write_count(out, f->times, "time", "times");
    text_append(out, ", first ");
    estimate_write_about(f->after_ns, out);
    text_printf(out, " after the connection was accepted%s\n",
                f->removed ? "; it was also taken back, which a scenario cannot say" : "");
}

static void write_subscriptions(const struct work *w) {
    const struct observed *o = w->o;
    struct text *out = w->out;
    unsigned written = 0, left_out = 0;
    for (unsigned i = 0; i < o->filter_count; i++) {
        struct bytes filter = text_of(o->filters[i].filter);
        if (written == MQTT_FILTERS_MAX || !scalar_is_sayable(filter) ||
            !mqtt_topic_filter_valid(filter, (enum mqtt_version)o->version)) {
            left_out++;
            continue;
        }
        if (written++ == 0)
            text_append(out, "    subscribe:\n");
        write_filter(&o->filters[i], o->version, out);
    }
    if (left_out > 0)
        text_printf(out, "    # %u further filters: a fleet has at most %d, of valid texts\n", left_out,
                    MQTT_FILTERS_MAX);
}

static void write_incoming(const struct work *w) {
    const struct observed *o = w->o;
    if (o->incoming_total == 0)
        return;
    text_append(w->out, "    # came in: ");
    write_count(w->out, o->incoming_total, "message", "messages");
    for (unsigned i = 0; i < o->incoming_count && i < NAMED_MAX; i++) {
        text_printf(w->out, "%s", i == 0 ? " (" : ", ");
        scalar_write_comment(text_of(o->incoming[i].topic), 40, w->out);
        text_printf(w->out, ": %llu", (unsigned long long)o->incoming[i].count);
    }
    text_printf(w->out, "%s; the backend sends them, not this scenario\n",
                o->incoming_count > NAMED_MAX ? ", …)"
                : o->incoming_count > 0       ? ")"
                                              : "");
}

static void write_fleet(const struct work *w) {
    struct text *out = w->out;
    text_append(out, "fleets:\n  device:\n    count: 1\n    profile: device\n    identity: device\n");
    write_subscriptions(w);
    write_incoming(w);
    if (w->o->sent_again > 0)
        text_printf(out, "    # %llu messages were sent again (DUP): they are not new ones\n",
                    (unsigned long long)w->o->sent_again);
    imported_streams_write(w->o, w->options, w->zero_ns, w->duration, out);
    text_append(out, "\n");
}

/* --- timeline ------------------------------------------------------------------------------------------------------------ */

static void write_entry(const struct work *w, int64_t unix_ns, const char *verb) {
    text_append(w->out, "  - {at: ");
    write_at(w, unix_ns, w->out);
    text_printf(w->out, ", do: %s}", verb);
}

static void write_connect(const struct work *w, unsigned i) {
    const struct observed_connection *c = &w->o->connections[i];
    struct text *out = w->out;
    write_entry(w, c->opened_ns, "connect");
    text_printf(out, " # %u: CONNECT ", i + 1);
    estimate_write_about(c->connect_ns - c->opened_ns, out);
    text_append(out, " later, ");
    if (c->accepted_ns == 0) {
        text_append(out, "no CONNACK");
    } else {
        text_append(out, "CONNACK after ");
        estimate_write_about(c->accepted_ns - c->connect_ns, out);
        const char *name = mqtt_tables_reason_name((enum mqtt_version)w->o->version, MQTT_CONNACK, c->reason);
        if (c->reason != 0)
            text_printf(out, ": refused, %s; another backend may accept it", name != NULL ? name : "unknown reason");
        else if (c->session_present)
            text_append(out, ", session present");
    }
    text_append(out, "; ");
    write_count(out, c->messages, "message\n", "messages\n");
}

/* What ended it, in words, when the device did not say good-bye. */
static void write_cause(const struct work *w, const struct observed_connection *c) {
    const char *who = c->by == MQTT_CLIENT ? "the device" : "the server";
    if (c->dismissed_ns > 0) {
        const char *name = mqtt_tables_reason_name(MQTT_5_0, MQTT_DISCONNECT, c->dismissal);
        text_printf(w->out, " # the server said DISCONNECT: %s", name != NULL ? name : "unknown reason");
    } else if (c->how == STREAMS_UNSEEN) {
        text_append(w->out, " # nobody saw it end; the last packet was at ");
        write_at(w, c->last_ns, w->out);
    } else {
        text_printf(w->out, " # %s %s", who,
                    c->how == STREAMS_RESET ? "reset it" : "closed it without DISCONNECT (FIN)");
    }
    text_append(w->out, "\n");
}

/* The end of connection i, before the next one begins. False: there was none to say. */
static bool write_end(const struct work *w, unsigned i) {
    const struct observed_connection *c = &w->o->connections[i];
    bool last = i + 1 == w->o->connection_count;
    int64_t end = end_of(c), next = last ? INT64_MAX : w->o->connections[i + 1].opened_ns;
    if (last && end == 0)
        return false;
    if (end == 0 || end > next - SPAN_MS) /* it vanished, or the next one took over: out of its way */
        end = next - SPAN_MS > c->opened_ns ? next - SPAN_MS : c->opened_ns;
    write_entry(w, end, c->goodbye_ns > 0 ? "disconnect" : "reset");
    if (c->goodbye_ns > 0)
        text_append(w->out, " # the device said DISCONNECT\n");
    else
        write_cause(w, c);
    return true;
}

static void write_timeline(const struct work *w) {
    const struct observed *o = w->o;
    unsigned entries = 0, i = 0;
    text_append(w->out, "timeline:\n");
    for (; i < o->connection_count && entries + 2 <= IMPORTED_ENTRIES_MAX; i++) {
        bool returns_by_policy = w->options->model && i > 0 && is_lost(o, i - 1);
        if (!returns_by_policy) {
            write_connect(w, i);
            entries++;
        }
        entries += write_end(w, i);
    }
    if (i < o->connection_count)
        text_printf(w->out, "  # %u further connections: a timeline has at most 256 entries\n",
                    o->connection_count - i);
    if (o->tried_count > 0) {
        text_printf(w->out, "  # attempts without an answer, which a scenario cannot ask of a backend:");
        for (unsigned k = 0; k < o->tried_count && k < NAMED_MAX; k++) {
            text_append(w->out, k == 0 ? " " : ", ");
            write_at(w, o->tried[k], w->out);
        }
        text_append(w->out, o->tried_count > NAMED_MAX ? ", …\n" : "\n");
    }
}

/* --- all of it ------------------------------------------------------------------------------------------------------------- */

/* The last thing that was seen of the device, or of the capture while its connection was open. */
static int64_t last_of(const struct observed *o, const struct talk_counts *counts) {
    int64_t last = o->connections[0].opened_ns;
    for (unsigned i = 0; i < o->connection_count; i++) {
        const struct observed_connection *c = &o->connections[i];
        last = c->last_ns > last ? c->last_ns : last;
        last = end_of(c) > last ? end_of(c) : last;
    }
    if (end_of(&o->connections[o->connection_count - 1]) == 0 && counts->last_ns > last)
        last = counts->last_ns;
    return last;
}

void imported_write(const struct observed *o, const struct talk_counts *counts, const struct imported_options *options,
                    struct text *out) {
    CHECK(o->connection_count > 0);
    struct work w = {.o = o, .counts = counts, .options = options, .out = out};
    w.zero_ns = o->connections[0].opened_ns;
    w.duration = imported_offset(w.zero_ns, last_of(o, counts));
    w.duration = (w.duration + SPAN_MS - 1) / SPAN_MS * SPAN_MS + tail;
    write_head(&w);
    write_identity(&w);
    write_profile(&w);
    write_fleet(&w);
    write_timeline(&w);
}
