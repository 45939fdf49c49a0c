#include "coap/coap_step.h"

#include "base/check.h"
#include "base/err.h"

void coap_step_begin(struct coap_step *s, instant now) {
    s->now = now;
    s->out.at = s->out.start;
    s->out.failed = false;
    s->datagrams = 0;
    s->event_count = 0;
}

struct coap_event *coap_step_event(struct coap_step *s, enum coap_event_kind kind) {
    CHECK(s->event_count < COAP_STEP_EVENTS_MAX);
    struct coap_event *event = &s->events[s->event_count++];
    *event = (struct coap_event){.kind = (uint8_t)kind};
    return event;
}

static int close_datagram(struct coap_step *s) {
    s->ends[s->datagrams++] = bytes_written(&s->out);
    return 0;
}

int coap_step_send(struct coap_step *s, const struct coap_message *m) {
    if (s->datagrams == COAP_STEP_DATAGRAMS_MAX)
        return ERR_AGAIN;
    int result = coap_codec_encode(&s->out, m, COAP_UDP);
    return result < 0 ? result : close_datagram(s);
}

int coap_step_send_bytes(struct coap_step *s, struct bytes datagram) {
    if (s->datagrams == COAP_STEP_DATAGRAMS_MAX || bytes_room(&s->out) < datagram.size)
        return ERR_AGAIN;
    bytes_write(&s->out, datagram);
    return close_datagram(s);
}

struct bytes coap_step_datagram(const struct coap_step *s, unsigned n) {
    CHECK(n < s->datagrams);
    size_t begin = n > 0 ? s->ends[n - 1] : 0;
    return bytes_of(s->out.start + begin, s->ends[n] - begin);
}
