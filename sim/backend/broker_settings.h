/* The broker's options as text: "queue=100", "service=20ms". One table drives parsing and documentation. */
#ifndef MUSTER_BACKEND_BROKER_SETTINGS_H
#define MUSTER_BACKEND_BROKER_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "backend/broker.h"
#include "base/units.h"

enum broker_settings_type {
    BROKER_SETTINGS_U16,
    BROKER_SETTINGS_U32,
    BROKER_SETTINGS_SIZE,
    BROKER_SETTINGS_SPAN,
    BROKER_SETTINGS_SECONDS_16,
    BROKER_SETTINGS_SECONDS_32,
    BROKER_SETTINGS_RATE,
    BROKER_SETTINGS_DIST,
    BROKER_SETTINGS_U64
};

struct broker_settings_row {
    const char *name;
    enum broker_settings_type type;
    uint16_t offset; /* in struct broker_options */
    enum units_dimension dimension;
    double min, max;
    const char *doc; /* with the default */
};
extern const struct broker_settings_row broker_settings_rows[]; /* ends with name NULL */

/* Sets one option, or switches on a misbehaviour of o->misbehave: "name=value" of either table. ERR_NOT_FOUND or
 * ERR_MALFORMED with a sentence for the user in `why`. */
int broker_settings_set(struct broker_options *o, const char *argument, char *why, size_t why_size);

#endif
