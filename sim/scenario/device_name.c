#include "scenario/device_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"

enum { SHOWN_MAX = 60, NAMES_MAX = 64 };

char *device_name_format(const struct plan *p, uint32_t device, char *text, size_t size) {
    snprintf(text, size, "%u", device);
    for (unsigned f = 0; f < p->fleet_count; f++) {
        const struct fleet *fleet = &p->fleets[f];
        if (device >= fleet->first && device - fleet->first < fleet->count)
            snprintf(text, size, "%.*s-%u", (int)(size > 12 ? size - 12 : 0), fleet->name, device - fleet->first);
    }
    return text;
}

/* Digits alone, and not so many that they mean nothing. */
static bool read_index(const char *text, uint32_t *out) {
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

static const struct fleet *find_fleet(const struct plan *p, const char *name, size_t size) {
    for (unsigned f = 0; f < p->fleet_count; f++)
        if (strlen(p->fleets[f].name) == size && memcmp(p->fleets[f].name, name, size) == 0)
            return &p->fleets[f];
    return NULL;
}

static int unknown(const struct plan *p, const char *text, size_t fleet_size, char *why, size_t why_size) {
    const char *names[NAMES_MAX];
    char meant[SHOWN_MAX + 1], shown[DEVICE_NAME_MAX] = "";
    size_t count = 0;
    for (; count < p->fleet_count && count < NAMES_MAX; count++)
        names[count] = p->fleets[count].name;
    snprintf(meant, sizeof meant, "%.*s", (int)(fleet_size < SHOWN_MAX ? fleet_size : SHOWN_MAX), text);
    const char *near = *meant != '\0' ? suggest_nearest(meant, names, count) : NULL;
    struct text safe = {0};
    text_append_safe(&safe, text, strlen(text), SHOWN_MAX);
    if (near != NULL)
        snprintf(why, why_size, "no device '%s'; did you mean %s-%s?", text_get(&safe), near,
                 text[fleet_size] == '-' && text[fleet_size + 1] != '\0' ? text + fleet_size + 1 : "0");
    else
        snprintf(why, why_size, "no device '%s'; devices are called like %s, or by their number from 0 to %u",
                 text_get(&safe), device_name_format(p, 0, shown, sizeof shown), p->device_count - 1);
    text_free(&safe);
    return ERR_NOT_FOUND;
}

int device_name_parse(const struct plan *p, const char *text, uint32_t *device, char *why, size_t why_size) {
    if (read_index(text, device)) {
        if (*device < p->device_count)
            return 0;
        snprintf(why, why_size, "no device %u; their numbers go from 0 to %u", *device, p->device_count - 1);
        return ERR_NOT_FOUND;
    }
    const char *dash = strrchr(text, '-');
    size_t fleet_size = dash != NULL ? (size_t)(dash - text) : strlen(text);
    const struct fleet *fleet = find_fleet(p, text, fleet_size);
    uint32_t index;
    if (fleet != NULL && dash != NULL && read_index(dash + 1, &index) && index < fleet->count) {
        *device = fleet->first + index;
        return 0;
    }
    if (fleet == NULL)
        fleet = find_fleet(p, text, strlen(text)); /* a fleet's name with a dash in it */
    if (fleet == NULL)
        return unknown(p, text, fleet_size, why, why_size);
    if (fleet->count == 0)
        snprintf(why, why_size, "fleet %s has no devices in this run", fleet->name);
    else
        snprintf(why, why_size, "the devices of fleet %s are called %s-0 to %s-%u", fleet->name, fleet->name,
                 fleet->name, fleet->count - 1);
    return ERR_NOT_FOUND;
}
