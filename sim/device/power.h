/* Where a device's energy comes from and where it goes, without ticks: the state is brought up to date when something happens
 * (power_settle), and what happened is charged then. Which protocol caused it does not matter here: traffic comes as bytes and a
 * cause. docs/models.md explains the model and its limits.
 *
 * Units: watts and joules at the reference voltage of the profile, coulombs of the battery, spans. */
#ifndef MUSTER_DEVICE_POWER_H
#define MUSTER_DEVICE_POWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dist.h"
#include "base/instant.h"
#include "device/battery.h"
#include "device/harvest.h"

/* What energy is used for. A radio's wake-up, its bytes and its tail belong to whatever made it transmit. */
enum power_cause {
    POWER_FLOOR,          /* board and sleeping radio */
    POWER_SENSING,        /* measurements */
    POWER_ATTACH,         /* registration with the network */
    POWER_CONNECT,        /* connecting by the device's own plan */
    POWER_RECONNECT,      /* connecting again after the connection was lost */
    POWER_SESSION_LOST,   /* what is sent only because the backend forgot the session */
    POWER_MESSAGE,        /* messages and their answers */
    POWER_KEEPALIVE,      /* pings and their answers */
    POWER_RECEIVE,        /* what comes unasked, and its answers */
    POWER_RETRANSMISSION, /* what the network lost, and messages sent again */
    POWER_TRACKING,       /* periodic tracking-area updates */
    POWER_SELF_DISCHARGE, /* the battery's own, and its buffer's leak */
    POWER_CAUSES
};
struct power_cause_row {
    const char *name; /* "keepalive" */
    const char *doc;
};
extern const struct power_cause_row power_causes[POWER_CAUSES];

/* Sums of joules over many devices, written by the functions below. */
struct power_ledger {
    double joules[POWER_CAUSES];
    double tail;      /* of these: radio connected and waiting, whatever the cause */
    double harvested; /* what reached the battery */
};

struct power_radio {
    double event_j; /* one access, all included, up to event_bytes each way; 0: by the members below */
    double event_bytes;
    double wake_j;      /* from idle to connected */
    double attach_j;    /* registration, when the radio was off */
    double tracking_j;  /* one tracking-area update */
    double tx_w, rx_w;  /* while bytes pass */
    double connected_w; /* besides, while connected */
    double idle_w;      /* while `active` runs */
    double up_bps, down_bps;
    double overhead; /* bytes of headers per unit, each way: every unit is acknowledged */
    double peak_w;   /* of a burst; 0: no burst can brown it out */
    double burst_s;
    span inactivity;   /* connected for so long after the last byte */
    span active;       /* T3324: listening after that */
    span tracking;     /* T3412; 0: none */
    span edrx;         /* idle, it listens once in so long; 0: all the time */
    bool power_saving; /* after `active` it hears nothing until it transmits or updates its tracking area */
};

/* What the network a radio is in makes of it: coverage that takes repetitions, timers other than asked for. */
struct power_terms {
    double energy;                     /* multiplies wake-ups, transmission and reception, registrations and updates */
    span active, tracking, inactivity; /* in place of the radio's own if that is not 0; −1: as asked */
};
extern const struct power_terms power_terms_none;

enum { POWER_STRETCH_MAX = 4 };

/* profiles.*.power */
struct power {
    bool constant_current; /* a linear regulator: charge = energy / volts; else a converter: energy / voltage of now */
    double volts;          /* reference */
    bool has_battery;
    struct battery battery;
    double flat; /* left in the battery when the device can use no more of it */
    bool mains;
    span hold_up;     /* without mains and battery */
    double charge_w;  /* from the mains into the battery */
    double floor_w;   /* board and sleeping radio */
    double sensing_j; /* per message intended */
    struct power_radio radio;
    double brown_out_v;         /* 0: never */
    span hold_off;              /* off for so long after a brown-out, */
    double hysteresis_v;        /* and until the battery at rest shows so much more than brown_out_v */
    double recover;             /* an empty device that is charged comes back at that state of charge */
    double panel_w;             /* peak; 0: none */
    double panel_yield;         /* angle, dirt, converter, charging: all together */
    double charge_max_w;        /* 0: no limit */
    double alternator_w;        /* while driving */
    span drive_from, drive_for; /* each day, of the simulated clock */
    struct dist boot;           /* ns, from power to the first attempt */
    bool keeps_session;         /* flash, not RAM */
    bool sleeps;                /* between messages */
    span linger;                /* awake for so long after the last byte */
    bool sleeps_off;            /* radio off while asleep: it registers anew */
    double refuse_below;        /* state of charge below which it measures and sends nothing */
    struct {
        double below; /* state of charge */
        span every;
    } stretch[POWER_STRETCH_MAX]; /* the lowest that applies counts */
    unsigned stretch_count;
};

enum power_supply {
    POWER_ON,
    POWER_HELD_UP, /* the mains is gone, a capacitor holds */
    POWER_OFF
};
/* Why it is off, and other things to remember. */
enum power_flags {
    POWER_WAS_CUT = 1, /* by the timeline */
    POWER_EMPTY = 2,
    POWER_BROWNED = 4,
    POWER_COVERED = 8, /* the access under way is paid as a whole */
    POWER_RADIO_OFF = 16,
    POWER_SLEEPING = 32, /* its own choice */
    POWER_LOST_LINK = 64 /* the next connect is a reconnect */
};

struct power_state {
    double used_c;        /* out of the battery, less what came in */
    double load_c;        /* of that, what the device itself drew since it was full */
    instant since;        /* when accounting began */
    instant settled;      /* everything before is charged */
    instant active_until; /* the radio stays connected until then */
    instant runs_out;     /* the battery will be empty if nothing else happens; kept by the caller */
    instant event_at;     /* hold-up or hold-off ends, or it may fall asleep; INSTANT_NEVER */
    span powered;         /* time with power */
    float drained_c;      /* taken by the timeline */
    float left;           /* of the effective capacity, at `settled` */
    float soc;            /* of what the device can use of it: 1 full, 0 empty */
    float volts;          /* open voltage */
    float layer;          /* passivation */
    uint16_t boots;       /* returns of power: numbers the draws */
    uint8_t cuts;         /* power_cut entries that hold now */
    uint8_t supply;       /* enum power_supply */
    uint8_t cause;        /* enum power_cause of the last access: its tail is charged to it */
    uint8_t flags;        /* enum power_flags */
};
_Static_assert(sizeof(struct power_state) <= 96, "one per device with power");

/* What does not change during a run. */
struct power_setting {
    const struct power *power;
    const struct climate *climate;
    int64_t epoch_unix_ms;
    const struct power_terms *terms; /* NULL: none. Settle before they change */
};

/* A full battery, radio off. */
void power_begin(const struct power_setting *p, struct power_state *s, instant at, enum power_supply supply);
/* Charges everything between s->settled and `now`. */
void power_settle(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger);
/* Charges one amount at s->settled. */
void power_spend(const struct power_setting *p, struct power_state *s, enum power_cause cause, double joules,
                 struct power_ledger *ledger);

struct power_traffic {
    enum power_cause cause;
    double up, down;             /* bytes of the protocol above TCP or UDP */
    unsigned bare_up, bare_down; /* units without such bytes: SYN, ACK, FIN */
    instant until;               /* the last of it; at least now */
};
/* The radio is used: wakes if it is idle, and stays connected as its timers say. Settles first. False: the burst pulled the
 * voltage below the brown-out limit. */
bool power_access(const struct power_setting *p, struct power_state *s, instant now, const struct power_traffic *t,
                  struct power_ledger *ledger);
static inline bool power_radio_active(const struct power_state *s, instant now) {
    return now < s->active_until;
}
/* The radio registers with its network, and is on then. Settles first. */
void power_attach(const struct power_setting *p, struct power_state *s, instant now, struct power_ledger *ledger);
/* When something that the backend sends at `now` gets through: now, at the next listening window or tracking update, or, unless the device
 * transmits before, never. */
instant power_reachable(const struct power_setting *p, const struct power_state *s, instant now);
/* The device switches its radio off: no tail. */
void power_radio_off(struct power_state *s, instant now);
/* The battery goes to that state of charge, either way. */
void power_drain(const struct power_setting *p, struct power_state *s, double soc);

/* When the battery will be empty if nothing but the floor draws from it; INSTANT_NEVER: not, or nothing is drawn. At least a
 * minute after s->settled: it is asked again then. */
instant power_runs_out(const struct power_setting *p, const struct power_state *s);
/* Seconds that a full battery would last at the mean so far, with what was harvested, at most its shelf life; INFINITY: it does
 * not run down. */
double power_projected_life(const struct power_setting *p, const struct power_state *s);
/* Does what the battery has left decide when messages are intended? Then they are reactions. */
static inline bool power_paces(const struct power *p) {
    return p != NULL && (p->stretch_count > 0 || p->refuse_below > 0);
}
/* How long messages are to be apart at this state of charge; 0: as the scenario says. */
span power_stretch(const struct power *p, const struct power_state *s);

#endif
