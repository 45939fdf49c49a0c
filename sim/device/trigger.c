#include "device/trigger.h"

struct trigger_state trigger_begin(void) {
    return (struct trigger_state){0, INSTANT_NEVER};
}

/* 1: above, −1: below, 0: between. */
static int side(const struct trigger *t, double value) {
    if (t->has_above && value > t->above)
        return 1;
    return t->has_below && value < t->below ? -1 : 0;
}

bool trigger_fires(const struct trigger *t, double value, instant at, struct trigger_state *state) {
    bool missing = value != value;
    bool first = state->at == INSTANT_NEVER;
    bool fires = first && !missing;
    if (!first && t->at_least > 0 && at - state->at >= t->at_least)
        fires = true;
    if (!first && !missing) {
        double moved = value > state->value ? value - state->value : state->value - value;
        fires = fires || (t->change > 0 && moved >= t->change) || side(t, value) != side(t, state->value);
    }
    if (!fires)
        return false;
    state->at = at;
    if (!missing)
        state->value = value;
    return true;
}
