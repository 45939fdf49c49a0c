#include "base/check.h"
#include "device/action.h"
#include "metrics/cell.h"

static const char *const states[] = {"dead", "asleep", "offline", "connecting", "backoff", "online", NULL};
_Static_assert(COUNT_OF(states) == STATE_KINDS + 1, "a word per enum device_state, in its order");
static const char *const booleans[] = {"false", "true", NULL};

const struct state_variable_row state_variables[STATE_VARIABLES] = {
    {VAR_STATE, "state", states, "the device's state"},
    {VAR_ATTEMPTS, "attempts", NULL, "attempts to connect that failed in a row"},
    {VAR_SESSION_PRESENT, "session_present", booleans, "whether the backend knew the session at the last connect"},
    {VAR_CONNECTS, "connects", NULL, "connections that the backend accepted so far"},
    {VAR_QUEUED, "queued", NULL, "messages that wait in the device's buffer"},
    {VAR_IN_FLIGHT, "in_flight", NULL, "messages that were sent and are not acknowledged"},
    {VAR_COMMANDS, "commands", NULL, "commands that reached the device so far"},
};
