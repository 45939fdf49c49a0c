#include "cli/forecasting.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "fleet/run.h"
#include "fleet/virtual.h"
#include "scenario/load.h"
#include "scenario/plan_load.h"
#include "scenario/validate.h"

enum { TEXT_ROOM = 32, LOAD_STEPS = 200000 /* an estimate will do */, CUT = 2 /* times the intended operations */ };

/* --- whom to simulate --------------------------------------------------------------------------------------------------- */

static uint32_t present(const struct plan *p, const struct fleet *fleet) {
    uint32_t count = 0;
    for (uint32_t d = fleet->first; d < fleet->first + fleet->count; d++)
        count += !plan_is_absent(p, d);
    return count;
}

/* As many as the budget of operations allows when all intend about as much. */
static uint32_t affordable(const struct plan *p, uint32_t devices) {
    struct plan_load load;
    plan_load_of(p, LOAD_STEPS, &load);
    double all = load.messages_total + devices; /* everybody connects */
    plan_load_free(&load);
    double share = all > FORECASTING_OPERATIONS_MAX ? FORECASTING_OPERATIONS_MAX / all : 1;
    uint32_t most = (uint32_t)(share * devices) + 1;
    return most < FORECASTING_DEVICES_MAX ? most : FORECASTING_DEVICES_MAX;
}

/* Every n-th of those who are there: they keep their numbers, and so their share and their luck. */
static struct node *sample_of(const struct plan *p, const struct fleet *fleet, uint32_t have, uint32_t want) {
    struct diagnostic_mark mark = p->root->mark;
    struct node *list = node_new(NODE_LIST, mark);
    list->flow = true;
    uint64_t place = 0;
    for (uint32_t i = 0; i < fleet->count; i++) {
        if (plan_is_absent(p, fleet->first + i))
            continue;
        bool chosen = (place + 1) * want / have > place * want / have;
        place++;
        if (!chosen)
            continue;
        char text[TEXT_ROOM];
        snprintf(text, sizeof text, "%u", i);
        node_add(list, NULL, mark, node_scalar(text, NODE_PLAIN, mark));
    }
    return list;
}

static void choose_devices(const struct plan *p, struct node *tree, uint32_t *devices) {
    uint32_t all = 0;
    for (unsigned i = 0; i < p->fleet_count; i++)
        all += devices[i] = present(p, &p->fleets[i]);
    uint32_t most = affordable(p, all);
    for (unsigned i = 0; i < p->fleet_count && most < all; i++) {
        uint32_t want = (uint32_t)((uint64_t)most * devices[i] / all);
        want = want > FORECASTING_FLEET_MIN ? want : FORECASTING_FLEET_MIN;
        struct node *fleet = node_get(node_get(tree, "fleets"), p->fleets[i].name);
        if (want >= devices[i] || fleet == NULL)
            continue;
        node_remove(fleet, "only");
        node_put(fleet, "only", fleet->mark, sample_of(p, &p->fleets[i], devices[i], want));
    }
}

/* Without what judges a run, writes about it or watches it: simulated time has no observer, and checks may ask for one. */
static struct node *tree_of(const struct plan *p) {
    static const char *const without[] = {"checks", "outputs", "observe"};
    struct node *tree = node_copy(p->root);
    struct diagnostic_mark mark = tree->mark;
    char seed[TEXT_ROOM];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)p->seed);
    node_put(tree, "seed", mark, node_scalar(seed, NODE_PLAIN, mark));
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        node_remove(tree, without[i]);
    return tree;
}

/* --- the run ------------------------------------------------------------------------------------------------------------ */

struct running {
    struct forecast *forecast;
    volatile int signals, signal_number; /* of our own making: they end the run where the budget does */
};

static void second(void *context, const struct run_second *s) {
    struct running *r = context;
    forecast_second(r->forecast, s);
    if (s->total->emitted_all > (uint64_t)CUT * FORECASTING_OPERATIONS_MAX) {
        r->signals = 1;
        r->signal_number = 15;
    }
}

static void run(struct forecasting *f) {
    struct running running = {.forecast = f->forecast};
    struct run_sink sink = {.context = &running, .second = second};
    struct run_options options = {.signals = &running.signals, .signal_number = &running.signal_number};
    struct run_facts facts;
    if (run_plan(f->simulated, &options, &sink, &facts, f->why, sizeof f->why) < 0)
        f->forecast->refused = f->why;
    else
        forecast_finish(f->forecast, &facts);
    run_facts_free(&facts);
}

/* --- backends ------------------------------------------------------------------------------------------------------------ */

static void hold_against(struct forecasting *f, const struct node *backends) {
    for (size_t i = 0; backends != NULL && backends->kind == NODE_MAP && i < backends->count; i++) {
        const char *name = backends->entries[i].key;
        bool known = f->backend_count == FORECASTING_BACKENDS_MAX;
        for (unsigned k = 0; k < f->backend_count; k++)
            known = known || strcmp(f->backends[k].name, name) == 0;
        if (!known && forecast_backends_hold(f->forecast, backends, name, &f->backends[f->backend_count]))
            f->backend_count++;
    }
}

/* glob sorts: the order is the same everywhere. */
static void read_library(struct forecasting *f, const char *data_dir) {
    char *pattern = text_format("%s/profiles/backends/*.yaml", data_dir);
    glob_t files;
    if (glob(pattern, 0, NULL, &files) == 0) {
        for (size_t i = 0; i < files.gl_pathc && f->library_count < FORECASTING_BACKENDS_MAX; i++) {
            struct diagnostic_list found;
            diagnostic_init(&found);
            struct node *root = load_file(files.gl_pathv[i], (struct diagnostic_mark){.file = NULL}, &found);
            if (root != NULL) {
                f->library[f->library_count++] = root;
                hold_against(f, node_get(root, "backends"));
            }
            diagnostic_free(&found);
        }
        globfree(&files);
    }
    free(pattern);
}

void forecasting_make(struct forecasting *f, const struct plan *plan, const char *data_dir) {
    *f = (struct forecasting){0};
    uint32_t *devices = calloc(plan->fleet_count + 1, sizeof *devices);
    CHECK(devices != NULL);
    struct node *tree = tree_of(plan);
    choose_devices(plan, tree, devices);
    struct diagnostic_list found;
    diagnostic_init(&found);
    validate_keys(tree, &found);
    validate_references(tree, &found);
    struct plan_options options = {.virtual_time = true, .skip_resources = true};
    f->simulated = plan_compile(tree, &options, &found);
    if (f->simulated == NULL || found.errors > 0) {
        size_t i = 0;
        while (i < found.count && found.items[i].severity != DIAGNOSTIC_ERROR)
            i++;
        snprintf(f->why, sizeof f->why, "%s",
                 i < found.count ? found.items[i].message : "the scenario does not run in simulated time");
        f->forecast = calloc(1, sizeof *f->forecast);
        CHECK(f->forecast != NULL);
        f->forecast->refused = f->why;
    } else {
        virtual_point_at(f->simulated);
        f->forecast = forecast_new(f->simulated, devices, plan->duration);
        run(f);
    }
    diagnostic_free(&found);
    free(devices);
    if (f->forecast->refused != NULL)
        return;
    hold_against(f, node_get(plan->root, "backends"));
    if (data_dir != NULL)
        read_library(f, data_dir);
}

void forecasting_free(struct forecasting *f) {
    forecast_free(f->forecast);
    if (f->simulated != NULL)
        plan_free(f->simulated);
    for (unsigned i = 0; i < f->library_count; i++)
        node_free(f->library[i]);
    *f = (struct forecasting){0};
}
