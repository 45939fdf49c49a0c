#include "base/check.h"
#include "device/action.h"
#include "metrics/cell.h"

static const char *const states[] = {"dead", "asleep", "offline", "connecting", "backoff", "online", NULL};
_Static_assert(COUNT_OF(states) == STATE_KINDS + 1, "a word per enum device_state, in its order");
static const char *const booleans[] = {"false", "true", NULL};

const struct state_variable_row state_variables[STATE_VARIABLES] = {
    {VAR_STATE, "state", states, false, "the device's state"},
    {VAR_ATTEMPTS, "attempts", NULL, false, "attempts to connect that failed in a row"},
    {VAR_SESSION_PRESENT, "session_present", booleans, false,
     "whether the backend knew the session at the last connect"},
    {VAR_CONNECTS, "connects", NULL, false, "connections that the backend accepted so far"},
    {VAR_QUEUED, "queued", NULL, false, "messages that wait in the device's buffer"},
    {VAR_IN_FLIGHT, "in_flight", NULL, false, "messages that were sent and are not acknowledged"},
    {VAR_COMMANDS, "commands", NULL, false, "commands that reached the device so far"},
    {VAR_BATTERY_SOC, "battery.soc", NULL, true, "what the battery has left, a share; 100% without one"},
};
