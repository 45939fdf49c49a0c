/* What rows of the schema are written with, and rows that several maps have in common. Only for sources of rows. */
#ifndef MUSTER_SCENARIO_SCHEMA_PARTS_H
#define MUSTER_SCENARIO_SCHEMA_PARTS_H

#include "device/action.h"
#include "device/template.h"
#include "scenario/schema.h"

#define ROW(path_, kind_, ...)                                                                                         \
    { .path = path_, .kind = SCHEMA_##kind_, .since = "0.1", __VA_ARGS__ }
#define QUANTITY(path_, dimension_, ...) ROW(path_, QUANTITY, .dimension = UNITS_##dimension_, __VA_ARGS__)
#define DIST(path_, dimension_, ...)     ROW(path_, DIST, .dimension = UNITS_##dimension_, __VA_ARGS__)

#define ONLY(verb) SCHEMA_VERB(DO_##verb)
#define DEVICE_VERBS                                                                                                   \
    (ONLY(CONNECT) | ONLY(DISCONNECT) | ONLY(BURST) | ONLY(RESET) | ONLY(STOP) | ONLY(DRAIN) | LASTING_DEVICES)
#define CHOOSING_VERBS  (DEVICE_VERBS | ONLY(COMMAND) | ONLY(CLOCK_SKEW))
#define LASTING_DEVICES (ONLY(LINK) | ONLY(LINK_DOWN) | ONLY(SET) | ONLY(ROAM) | ONLY(POWER_ON) | ONLY(POWER_CUT))
#define LASTING_VERBS   (ONLY(CONNECT) | ONLY(DISCONNECT) | ONLY(HOLD) | LASTING_DEVICES | ONLY(CLOCK_SKEW))
#define SECONDS(n)      ((n)*1e9)
#define YEARS(n)        SECONDS((n)*31536000.0)
#define IN_NAMES        TEMPLATE_OF_DEVICE
#define IN_MESSAGES     (TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE | TEMPLATE_OF_SIGNAL)
#define IN_PAYLOADS     (IN_MESSAGES | TEMPLATE_OF_SECRET | TEMPLATE_RANDOMS | TEMPLATE_HEXES)
#define IN_COMMANDS     (TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE | TEMPLATE_OF_SECRET | TEMPLATE_RANDOMS | TEMPLATE_HEXES)
#define IN_WILLS        (TEMPLATE_OF_DEVICE | TEMPLATE_HEXES)
#define IN_CREDENTIALS  (TEMPLATE_OF_DEVICE | TEMPLATE_OF_SECRET | TEMPLATE_HMACS)
#define WORDS(...)                                                                                                     \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

#define PROTOCOLS WORDS("mqtt311", "mqtt5")
#define REPLIES   WORDS("send", "ignore")
#define JITTERS   WORDS("none", "full", "equal", "decorrelated", "tenth")

/* How a link behaves: of a network, and of classes of it, which begin with the network's values. */
#define LINK_ROWS(prefix, flags_, no_time, no_loss, no_rate)                                                           \
    DIST(prefix ".rtt", DURATION, .flags = flags_, .max = SECONDS(600), .standard = no_time,                           \
         .example = "\"lognormal(p50=90ms, p99=700ms)\"",                                                              \
         .doc = "Round-trip time added to what the real path takes; half of it delays each direction."),               \
        QUANTITY(prefix ".rtt_shift", DURATION, .max = SECONDS(600), .standard = no_time, .example = "30ms",           \
                 .doc = "Added to every round-trip time that is drawn."),                                              \
        QUANTITY(prefix ".rtt_max", DURATION, .max = SECONDS(3600), .example = "30s",                                  \
                 .doc = "No round trip takes longer. Without it: as drawn."),                                          \
        QUANTITY(prefix ".loss", SHARE, .flags = (flags_) | SCHEMA_OR_MAP, .max = 0.99, .standard = no_loss,           \
                 .example = "0.5%",                                                                                    \
                 .doc = "Loss per unit of 1,400 B, each on its own, or in bursts: {share, burst} or {good, bad}. On "  \
                        "a stream, loss becomes time: what was lost is sent again and what follows waits."),           \
        QUANTITY(prefix ".loss.share", SHARE, .max = 0.99, .example = "2%",                                            \
                 .doc = "Share of units lost, in bursts of `burst` in a row, however far apart they are."),            \
        QUANTITY(prefix ".loss.burst", PLAIN, .min = 1, .max = 100000, .example = "4",                                 \
                 .doc = "How many units in a row are lost, on average."),                                              \
        QUANTITY(prefix ".loss.good", DURATION, .min = SECONDS(0.001), .max = YEARS(1), .example = "10min",            \
                 .doc = "How long the channel stays good on average, that is, loses nothing."),                        \
        QUANTITY(prefix ".loss.bad", DURATION, .min = SECONDS(0.001), .max = YEARS(1), .example = "6s",                \
                 .doc = "How long it then loses everything. The share lost is bad / (good + bad)."),                   \
        ROW(prefix ".loss.bad_dwell", WORD, .words = WORDS("exponential", "pareto"), .standard = "exponential",        \
            .example = "pareto", .doc = "How the lengths of bad times are spread; pareto (1.5) has a heavy tail."),    \
        QUANTITY(prefix ".up", BITRATE, .flags = flags_, .min = 1, .max = 1e12, .words = WORDS("unlimited"),           \
                 .standard = no_rate, .example = "375kbps", .doc = "Rate from the device to the backend."),            \
        QUANTITY(prefix ".down", BITRATE, .flags = flags_, .min = 1, .max = 1e12, .words = WORDS("unlimited"),         \
                 .standard = no_rate, .example = "300kbps", .doc = "Rate from the backend to the device."),            \
        DIST(prefix ".attach", DURATION, .max = SECONDS(3600), .standard = no_time,                                    \
             .example = "\"lognormal(p50=6s, p95=12s)\"",                                                              \
             .doc = "How long a registration with the network takes: before the first attempt to connect, after an "   \
                    "outage, after roaming."),                                                                         \
        QUANTITY(prefix ".energy", PLAIN, .min = 0.01, .max = 1000, .example = "4.3",                                  \
                 .doc = "What a radio's transmissions, accesses, registrations and tracking updates cost here, in "    \
                        "multiples of what the profile says: repetitions. Without it: 1."),                            \
        ROW(prefix ".grants", MAP, .example = "{active: 16s, inactivity: 20s}",                                        \
            .doc = "Timers that the network sets, whatever power.radio of a profile asks for. One that the profile "   \
                   "does not use stays unused."),                                                                      \
        QUANTITY(prefix ".grants.active", DURATION, .max = SECONDS(86400), .example = "16s",                           \
                 .doc = "In place of radio.active (T3324)."),                                                          \
        QUANTITY(prefix ".grants.tracking_every", DURATION, .min = SECONDS(1), .max = YEARS(2), .example = "12h",      \
                 .doc = "In place of radio.tracking_every (T3412)."),                                                  \
        QUANTITY(prefix ".grants.inactivity", DURATION, .max = SECONDS(86400), .example = "20s",                       \
                 .doc = "In place of radio.inactivity: the tail.")

/* What `outages` and the networks' own have in common. */
#define OUTAGE_ROWS(prefix)                                                                                            \
    ROW(prefix ".scope", WORD, .flags = SCHEMA_REQUIRED, .words = WORDS("device", "cell", "region", "backend"),        \
        .example = "cell",                                                                                             \
        .doc = "What goes down at one time: the link of one device, of all devices in a cell or region, or the way "   \
               "to a target."),                                                                                        \
        QUANTITY(prefix ".mttf", DURATION, .min = SECONDS(0.001), .max = YEARS(1000), .example = "120day",             \
                 .doc = "Mean time between the end of one and the next, by chance (exponential)."),                    \
        ROW(prefix ".every", WORD, .words = WORDS("day", "week"), .example = "week",                                   \
            .doc = "Planned instead: at the same time of each day or week of the simulated clock."),                   \
        QUANTITY(prefix ".at", DURATION, .max = SECONDS(7 * 86400.0), .standard = "0s", .example = "26h",              \
                 .doc = "Planned: how long after 00:00 UTC, of Monday with `every: week`."),                           \
        QUANTITY(prefix ".stagger", DURATION, .max = SECONDS(7 * 86400.0), .standard = "0s", .example = "30min",       \
                 .doc = "Planned: each device, cell, region or target begins so much later, uniformly drawn once."),   \
        DIST(prefix ".down", DURATION, .flags = SCHEMA_REQUIRED, .max = YEARS(1),                                      \
             .example = "\"lognormal(p50=90min, p95=8h)\"", .doc = "How long it lasts."),                              \
        ROW(prefix ".how", WORD, .words = WORDS("silent", "reset", "refuse", "captive"), .standard = "silent",         \
            .example = "refuse", .doc = "As `how` of the verb link_down.")

#endif
