#include "backend/broker_state.h"
#include "base/err.h"
#include "mqtt/mqtt_topic.h"

static void forget(struct broker *b, struct broker_node *n) {
    broker_message_drop(b, n->retained);
    n->retained = NULL;
    b->counts.retained--;
    broker_tree_prune(&b->retained, n);
}

int broker_retained_store(struct broker *b, struct broker_message *m) {
    if (m->payload.size == 0) {
        struct broker_node *n = broker_tree_find(&b->retained, m->topic);
        if (n != NULL && n->retained != NULL)
            forget(b, n);
        return 0;
    }
    struct broker_node *n = broker_tree_make(&b->retained, m->topic);
    if (n == NULL)
        return ERR_NO_MEMORY;
    if (n->retained == NULL)
        b->counts.retained++;
    broker_message_drop(b, n->retained);
    n->retained = broker_message_hold(m);
    return 0;
}

void broker_retained_send(struct broker *b, struct broker_subscription *s, struct bytes filter) {
    struct broker_tree_walk walk = broker_tree_matched(&b->retained, filter);
    struct broker_node *expired = NULL;
    s->next_match = NULL;
    for (struct broker_node *n; (n = broker_tree_next_matched(&walk)) != NULL;) {
        if (n->retained == NULL)
            continue;
        if (broker_message_expired(b, n->retained)) { /* the walk needs the tree as it is: forgotten after it */
            n->sweep = expired;
            expired = n;
            continue;
        }
        uint8_t qos = n->retained->qos < s->qos ? n->retained->qos : s->qos;
        broker_deliver_message(b, s->session, n->retained, qos, true, s);
    }
    for (struct broker_node *n = expired, *next; n != NULL; n = next) {
        next = n->sweep;
        n->sweep = NULL;
        forget(b, n);
    }
}
