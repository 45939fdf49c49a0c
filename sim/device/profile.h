/* What a scenario says about devices, compiled: shared by all devices of a group, read-only after build, owned by the plan.
 * Durations are spans (ns), sizes bytes, rates per second; see the scenario reference for each key. */
#ifndef MUSTER_DEVICE_PROFILE_H
#define MUSTER_DEVICE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/dist.h"
#include "base/instant.h"
#include "device/nat.h"
#include "device/outage.h"
#include "device/power.h"
#include "device/template.h"
#include "mqtt/mqtt_session.h"
#include "transport/address.h"
#include "transport/burst.h"

/* networks.*.cells */
struct cells {
    uint32_t count;           /* of each region; 0: the network has none */
    struct dist dwell;        /* ns in one cell; constant 0: devices stay where they are */
    struct dist gap;          /* ns without a link while they change */
    uint32_t new_address_ppm; /* changes after which connections are gone */
    bool reselects;           /* each change costs a registration, as with NB-IoT, which has no handover */
};

/* networks.*.dns */
struct lookups {
    uint32_t fail_ppm; /* attempts whose name lookup fails, after `tries` times `timeout` */
    span timeout;
    uint32_t tries;
};

struct network_class;

/* networks.*, and what some devices have instead (networks.*.coverage.*, networks.*.quality.*) */
struct network {
    const char *name;
    const struct network *parent; /* of a class: the network that it is one of; else NULL */
    struct dist rtt;              /* ns, drawn per uplink unit; constant 0: none */
    span rtt_shift, rtt_max;      /* added to what is drawn, then cut; 0: not at all */
    uint32_t loss_ppm;            /* per unit, parts per million, each on its own */
    struct burst_params burst;    /* or in bursts */
    uint64_t up_bps, down_bps;    /* bit/s; 0: unlimited */
    uint32_t duty_ppm;            /* share of time that a device may send; 0: all */
    struct dist attach;           /* ns that a registration takes; constant 0: none is needed */
    struct power_terms terms;
    struct nat nat;
    const struct network_class *coverage,
        *quality; /* of devices, of sites; what the shares leave over has the network itself */
    unsigned coverage_count, quality_count;
    struct cells cells;
    struct lookups dns;
};
struct network_class {
    uint32_t share_ppm;
    struct network network;
};

/* profiles.*.reconnect */
enum reconnect_policy { RECONNECT_FIXED, RECONNECT_QUADRATIC, RECONNECT_EXPONENTIAL, RECONNECT_NEVER };
enum reconnect_jitter { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_DECORRELATED, JITTER_TENTH };
struct reconnect {
    enum reconnect_policy policy;
    enum reconnect_jitter jitter;
    span first, max;
    double factor;     /* exponential */
    uint32_t repeat;   /* exponential: so many waits of one length before it grows; 0 is 1 */
    bool at_once;      /* no wait before the first attempt after a loss: the rule begins with its failure */
    span spread;       /* U(0, spread) added to the first attempt after a loss */
    uint32_t attempts; /* give up after that many failures in a row; 0: never */
    span reset_after;  /* online for that long sets the count back; 0: at once */
};

/* profiles.*.buffer */
enum buffer_policy { BUFFER_DROP_OLDEST, BUFFER_DROP_NEWEST };
struct buffer_limits {
    uint32_t messages; /* 0: keep nothing */
    enum buffer_policy on_full;
    bool keep_qos0;   /* also QoS 0 while offline */
    span forward_gap; /* between messages of a backlog that go out; 0: as fast as the window lets them */
};

/* profiles.*.timeouts; the session's own (connack, suback, ping, ack) stand in struct mqtt_config */
struct timeouts {
    span connect, handshake, stream;
};

/* profiles.*.commands */
enum command_reply { COMMAND_SEND, COMMAND_IGNORE };
enum command_then { COMMAND_GO_ON, COMMAND_RESTART, COMMAND_DISCONNECT, COMMAND_STOP };
struct commands {
    bool on;
    struct template topic;       /* where commands come in: the device subscribes to it */
    struct template reply_topic; /* of replies to commands that name no Response Topic */
    struct template payload;     /* of replies */
    uint8_t qos, reply_qos;
    enum command_reply reply;
    enum command_then then; /* when the reply is given to the session, or would be */
    struct dist delay;      /* ns, of the reaction */
};

/* profiles.*.clock */
struct clock_model {
    double drift_ppm; /* standard deviation over devices, around 0 */
    span sync;        /* the clock is set right so often, from t = 0; 0: never */
    bool cold_boot;   /* it begins in 1970, until the first connection */
};

/* profiles.* */
struct profile {
    const char *name;
    struct mqtt_config mqtt;
    struct template will_topic, will_payload; /* empty template: no will */
    uint8_t will_qos;
    bool will_retain;
    uint32_t will_delay_s, will_expiry_s;
    struct reconnect reconnect;
    struct buffer_limits buffer;
    struct timeouts timeouts;
    struct commands commands;
    struct clock_model clock;
    uint32_t tls_resume_ppm;           /* attempts that go on with the TLS session that is kept */
    bool failover_next;                /* failover: next moves to the next node after a failed attempt */
    bool restart_on_connect;           /* schedule: restart_on_connect */
    const struct power *power;         /* NULL: not modelled */
    const struct telemetry *last_gasp; /* the message when the mains fails; NULL: none */
    struct climate climate;            /* of devices whose region has none */
};

/* identities.*; templates without tokens: not sent. hmac(...) is a token of the template. */
struct identity {
    const char *name;
    struct template client_id, user, password;
    bool has_user, has_password;
    const char *certificate, *private_key; /* paths of PEM files; NULL: shows none */
    bool has_psk;                          /* TLS by a shared key: */
    struct template psk_id, psk_key;       /* the key in hexadecimal */
};

/* fleets.*.telemetry.shape, and how often a meter counts (daily.h) */
struct daily {
    bool on;
    double day, half_day; /* amplitudes, shares of the mean rate */
    span day_peak, half_day_peak;
    double weekend; /* rate of Saturday and Sunday, 1: that of other days */
};

/* fleets.*.signals */
enum signal_kind {
    SIGNAL_CONSTANT,
    SIGNAL_WALK,
    SIGNAL_SINE,
    SIGNAL_UNIFORM,
    SIGNAL_NORMAL,
    SIGNAL_COUNTER,
    SIGNAL_CHOICE,
    SIGNAL_ANALOG, /* from here on: signal_model.h */
    SIGNAL_METER,
    SIGNAL_POSITION,
    SIGNAL_VIBRATION,
    SIGNAL_TRACE
};
struct signal_analog {
    double mean, amplitude, sd, spread, lsb; /* spread: sd of the mean between devices; lsb 0: not quantised */
    span peak, memory;                       /* hour of the highest value; correlation time */
    double stuck, spike, gap;                /* shares */
};
struct signal_meter {
    double start, spread, per_day, size, lsb, max; /* size: mean of an increment; max 0: no rollover */
    span swap;                                     /* mean time between exchanges, 0: never */
    struct daily daily;
};
struct signal_position {
    double centre, reach, speed, scale, fix; /* m, m/s (root mean square), m per unit, m */
    span memory;                             /* of the speed */
};
struct signal_vibration {
    double base, idle, sd;          /* sd: relative */
    span onset, doubling, from, to; /* onset: mean time to the defect, 0: none; from = to: day and night */
};
struct signal_trace {
    const char *file;
    unsigned column;       /* of the values, from 1; column 0 is the time */
    const double *seconds; /* rising from 0; NULL until the plan reads the file */
    const double *values;
    unsigned count;
    bool steps;     /* values hold until the next one, instead of a line between them */
    double shuffle; /* devices begin at U(0, shuffle · length) */
};
struct signal {
    const char *name;
    uint32_t stream; /* draw_stream_named("signal", name) */
    enum signal_kind kind;
    double start, step, min,
        max; /* walk: ± step, kept in [min, max] · uniform(min, max) · normal: start = mean, step = sd, cut to [min, max] · counter: start, step, max = rollover (0: none) */
    double mean, amplitude; /* sine(mean=, amplitude=, period=, phase=) over the simulated clock */
    span period;
    double phase_turns;
    const char *const *words; /* choice: words with weights; rendered as text */
    const uint32_t *weights;  /* parts of weight_sum */
    unsigned word_count;
    uint32_t weight_sum;
    union {
        struct signal_analog analog;
        struct signal_meter meter;
        struct signal_position position;
        struct signal_vibration vibration;
        struct signal_trace trace;
    } of;
};

/* fleets.*.telemetry.motion (motion.h) */
struct motion {
    uint16_t trips; /* per day; 0: the stream does not depend on motion */
    span moving;    /* per day, on average */
    span still;     /* gap between messages of a thing that stands */
};

/* fleets.*.telemetry.trigger (trigger.h): `every` is how often it looks */
struct trigger {
    bool on, has_above, has_below;
    uint8_t signal; /* index in the group's signals */
    double change;  /* 0: any change is none */
    double above, below;
    span at_least; /* 0: never without cause */
};

/* fleets.*.telemetry.payload as a map: signals in a format (payload_format.h) */
enum payload_kind { PAYLOAD_JSON, PAYLOAD_CBOR, PAYLOAD_SENML_JSON, PAYLOAD_SENML_CBOR };
enum payload_time { PAYLOAD_TIME_MS, PAYLOAD_TIME_S, PAYLOAD_TIME_NONE };
enum payload_source { PAYLOAD_OF_SIGNAL, PAYLOAD_OF_TIME, PAYLOAD_OF_MARK };
struct payload_field {
    struct bytes name, unit; /* unit: SenML; empty: none */
    uint32_t number;         /* CBOR with keys: numbers */
    uint8_t source;          /* enum payload_source */
    uint8_t signal;          /* index in the group's signals */
    int8_t decimals;         /* -1: as many as it has */
    uint8_t type;            /* enum sparkplug_type; SPARKPLUG_UNKNOWN: as it is */
};
struct payload_format {
    enum payload_kind kind;
    enum payload_time time;
    bool numbered, has_mark;            /* CBOR: keys are numbers · some field is the mark */
    const struct payload_field *fields; /* in the order in which they are written */
    unsigned field_count;
    struct template base_name; /* SenML */
};

/* fleets.*.telemetry, one stream */
enum telemetry_pace { PACE_OPEN, PACE_CLOSED };
enum telemetry_alignment { ALIGN_NONE, ALIGN_WALLCLOCK, ALIGN_BOOT };
struct telemetry_message {
    span at; /* from the device's intended connect */
    struct template payload;
    uint32_t random_size; /* as in struct telemetry */
};
struct telemetry {
    const char *name;
    struct dist every; /* ns; closed: think time after the answer, 0 allowed; of listed messages: the mean gap */
    bool has_first;
    span first;                               /* from the intended connect to message 1, if has_first; else drawn */
    const struct telemetry_message *messages; /* `messages`, by ascending `at`: instead of `every`; NULL: none listed */
    unsigned message_count;
    enum telemetry_pace pace;
    enum telemetry_alignment alignment;
    struct dist jitter; /* ns, around each instant of the schedule; constant 0: none */
    struct daily shape;
    struct motion motion;
    struct trigger trigger;
    struct template topic, payload;
    uint32_t random_size;                /* payload is random(N): N bytes, with the mark at its head when N ≥ 22 */
    const struct payload_format *format; /* instead of a template; NULL: none */
    uint8_t qos;
    bool retain;
    uint8_t mark;  /* enum mark_place */
    bool observed; /* an observer audits its messages, of those devices that are audited */
    uint32_t message_expiry_s;
    struct template content_type, response_topic, correlation_data;
    const struct mqtt_user_property *user_properties;
    unsigned user_property_count;
};
enum mark_place { MARK_NONE, MARK_TEMPLATE, MARK_HEAD, MARK_PROPERTY };

/* fleets.*.subscribe, one filter; filters of one fleet with equal ids travel in one SUBSCRIBE */
struct subscription {
    struct template filter;
    uint8_t qos;
    bool no_local, retain_as_published;
    uint8_t retain_handling;
    uint32_t id;
};

/* targets.*, where their URLs say mqtts */
enum { TARGET_ALPN_MAX = 8 };
struct target_tls {
    const char *ca, *crl;                  /* paths of PEM files; ca NULL: what the system trusts */
    const char *alpn[TARGET_ALPN_MAX + 1]; /* in the order of preference; NULL ends them */
    bool insecure;
    const char **names; /* [node_count]: whom a node's certificate has to be for */
};

/* target(s) */
struct target {
    const char *name, *url; /* url without credentials, for reports */
    enum transport_kind transport;
    struct address *nodes; /* resolved and passed by the guard */
    unsigned node_count;
    const struct target_tls *tls; /* NULL: plain */
    bool builtin;                 /* the built-in backend, started by Muster itself */
};

/* Devices that share everything but their identity and their luck. */
struct fleet_group {
    const char *fleet, *profile_name, *region, *target_name; /* labels; region "" when there is none */
    uint16_t fleet_index;
    const struct profile *profile;
    const struct network *network; /* NULL: no modelled link */
    const struct outage
        *outages; /* that may hit its devices: those of everybody, and of the networks they may come to */
    unsigned outage_count;
    bool radio; /* devices have a struct radio_state: for their network, their outages, or entries that let them roam */
    const struct identity *identity; /* NULL: none */
    const struct target *target;
    const struct telemetry *telemetry;
    unsigned telemetry_count;
    const struct signal *signals;
    unsigned signal_count;
    bool signals_evolve; /* some signal goes on with time, not with messages */
    bool triggers;       /* some stream has a trigger */
    const struct subscription *subscriptions;
    unsigned subscription_count;
    const struct power *power;     /* NULL: neither modelled nor cut */
    const struct climate *climate; /* NULL only without power */
    const struct telemetry *last_gasp;
    uint32_t watched; /* bit mask of enum state_variable that some `when` entry names for this group */
};

/* A contiguous range of device indexes. */
struct fleet {
    const char *name;
    uint32_t first, count;
};

#endif
