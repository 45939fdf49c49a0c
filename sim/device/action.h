/* Entries of the timeline, compiled. Every question "does it hit this device, and when" is a pure function of plan, seed and
 * device; workers walk their devices' entries one after the other (docs/semantics.md, "Timeline"). */
#ifndef MUSTER_DEVICE_ACTION_H
#define MUSTER_DEVICE_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/instant.h"
#include "device/profile.h"

enum action_verb {
    DO_CONNECT,
    DO_DISCONNECT,
    DO_HOLD,
    DO_BURST,
    DO_LINK,
    DO_LINK_DOWN,
    DO_RESET,
    DO_SET,
    DO_MARK,
    DO_STOP,
    DO_COMMAND,
    DO_ROAM,
    DO_CLOCK_SKEW,
    DO_POWER_ON,
    DO_POWER_CUT,
    DO_DRAIN,
    ACTION_VERBS
};
struct action_verb_row {
    enum action_verb verb;
    const char *name, *doc;
    bool undoable; /* takes `for` */
    bool per_device;
};
extern const struct action_verb_row action_verbs[ACTION_VERBS];

enum link_down_how { LINK_SILENT, LINK_RESET, LINK_REFUSE, LINK_CAPTIVE };
/* Connections stay, and nothing of them gets through. */
static inline bool link_down_keeps(enum link_down_how how) {
    return how == LINK_SILENT || how == LINK_CAPTIVE;
}

/* Variables that `when`, `where` and the `state` selector may test. */
enum state_variable {
    VAR_STATE,
    VAR_ATTEMPTS,
    VAR_SESSION_PRESENT,
    VAR_CONNECTS,
    VAR_QUEUED,
    VAR_IN_FLIGHT,
    VAR_COMMANDS,
    VAR_BATTERY_SOC,
    STATE_VARIABLES
};
struct state_variable_row {
    enum state_variable variable;
    const char *name;         /* "state" */
    const char *const *words; /* words for literals (state names, true/false), NULL-terminated; NULL: numbers */
    bool share;               /* literals are shares, kept in parts of SHARE_PARTS */
    const char *doc;
};
enum { SHARE_PARTS = 1000000 };
extern const struct state_variable_row state_variables[STATE_VARIABLES];
enum relop { REL_LT, REL_LE, REL_GT, REL_GE, REL_EQ, REL_NE, RELOPS };
extern const char *const relop_names[RELOPS];

enum { PREDICATE_TERMS_MAX = 4, ACTIONS_MAX = 256, SETTINGS_MAX = 8, VALUE_ACTIONS_MAX = 32 };

/* variable relop literal {and …} */
struct predicate {
    unsigned count; /* 0: always true */
    struct {
        uint8_t variable, relop;
        int64_t literal;
    } terms[PREDICATE_TERMS_MAX];
};
bool relop_holds(enum relop op, int64_t left, int64_t right);
/* `values` has STATE_VARIABLES entries. */
bool predicate_holds(const struct predicate *p, const int64_t *values);
uint32_t predicate_mask(const struct predicate *p);

/* One value that `link` or `set` changes while it lasts. */
enum setting_key {
    SET_RTT,
    SET_LOSS,
    SET_UP,
    SET_DOWN, /* link */
    SET_EVERY,
    SET_KEEPALIVE,
    SET_CLEAN_START,
    SET_RECONNECT_FIRST,
    SET_RECONNECT_MAX,
    SET_RECONNECT_FACTOR,
    SET_RECONNECT_JITTER,
    SET_BUFFER_MESSAGES,
    SET_INFLIGHT,
    SET_COMMANDS_REPLY,
    SET_COMMANDS_DELAY,
    SETTING_KEYS /* set */
};
struct setting {
    enum setting_key key;
    struct dist dist; /* RTT, EVERY, COMMANDS_DELAY */
    double number;    /* base unit; words: their enum in profile.h; booleans 0 or 1 */
};
struct setting_row {
    enum setting_key key;
    const char *
        path; /* as in the scenario: "network.rtt" for link {rtt}, "telemetry.every", "mqtt.keepalive", "reconnect.first" … */
};
extern const struct setting_row setting_rows[SETTING_KEYS];
void setting_apply_network(const struct setting *s, struct network *n);
void setting_apply_profile(const struct setting *s, struct profile *p);

struct action {
    const char *id; /* given, or "<verb>#<number among that verb>" */
    enum action_verb verb;
    uint16_t index;   /* in file order */
    int8_t value_bit; /* link and set: which bit of a device's active mask, else −1 */
    instant start;    /* resolved (at, or after another entry's start or end); `when` entries: INSTANT_NEVER */
    instant end;      /* start + over + longest for; of the whole entry */
    span over;
    bool uniform;   /* spread: uniform */
    uint16_t steps; /* over is filled by so many groups, each at one instant; 0: one by one */
    bool has_for;
    struct dist lasting; /* for, per device */
    span lasting_max;    /* the longest that any selected device draws for its first firing */
    bool when;           /* predicate `condition` decides; at most `times` per device */
    struct predicate condition;
    uint16_t times;
    struct predicate where; /* state and where of the selector: tested when it fires */
    /* Static selection: `rank[device]` is the device's place in hash order among the `selected`, UINT32_MAX: not selected.
     * NULL: all devices, and over is 0 (no order needed). */
    const uint32_t *rank;
    uint32_t selected;
    enum link_down_how how;
    const struct network *network; /* roam */
    span skew;                     /* clock_skew */
    uint32_t messages;             /* burst */
    double soc;                    /* drain: state of charge */
    struct template payload;       /* command */
    uint8_t qos;                   /* command */
    span within;                   /* command: how long its reply is waited for */
    struct setting settings[SETTINGS_MAX];
    unsigned setting_count;
};

bool action_selects(const struct action *a, uint32_t device);
/* The device's own start: start + over·(rank + ½)/selected, or a uniform draw, or start + over·k/(steps − 1) with the k-th of `steps`
 * groups by rank. The device must be selected. */
instant action_start(const struct action *a, uint64_t seed, uint32_t device);
/* Its own end: start + the drawn `for`; INSTANT_NEVER without one. `fired`: when it started (a `when` entry's firing), `nth`: for which time,
 * from 0; each firing has a draw of its own. */
instant action_end(const struct action *a, uint64_t seed, uint32_t device, instant fired, uint32_t nth);

#endif
