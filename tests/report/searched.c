#include "report/searched.h"

#include <math.h>
#include <stdio.h>

static const char *const command[] = {"muster", "capacity", "s.yaml", "--set", "identities.a.password=hunter2"};

struct capacity_step *searched_step(struct searched *s, double load, enum knee_verdict verdict, const char *reason) {
    struct capacity_step *step = &s->steps[s->capacity.count++];
    *step = (struct capacity_step){.load = load,
                                   .devices = (uint64_t)load,
                                   .messages_per_s = load / 2,
                                   .connects_per_s = load / 10,
                                   .verdict = verdict,
                                   .ran = true,
                                   .facts = {.verdict = "pass",
                                             .messages_per_s = load / 2 - 1,
                                             .publish_p50_ms = 1,
                                             .publish_p99_ms = load / 100,
                                             .connect_p99_ms = 2,
                                             .cpu = 0.25,
                                             .backend_cores = NAN}};
    snprintf(step->reason, sizeof step->reason, "%s", reason);
    snprintf(step->directory, sizeof step->directory, "step-%02u-%.0f", s->capacity.count, load);
    knee_take(&s->knee, load, verdict);
    return step;
}

void searched_make(struct searched *s) {
    *s = (struct searched){.capacity = {.by = CAPACITY_DEVICES}};
    sample_make(&s->sample);
    knee_begin(&s->knee, &(struct knee_options){
                             .start = 100, .min = 1, .max = 1000, .precision = 0.5, .repeats = 3, .whole = true});
    s->capacity.plan = &s->sample.plan;
    s->capacity.knee = &s->knee;
    s->capacity.steps = s->steps;
    s->capacity.ended = true;
    s->capacity.directory = "out";
    s->capacity.argc = (int)(sizeof command / sizeof command[0]);
    s->capacity.argv = (char *const *)(uintptr_t)command;
    searched_step(s, 100, KNEE_MET, "");
    searched_step(s, 200, KNEE_MET, "");
    searched_step(s, 400, KNEE_BROKE, "fast: 900 ms, limit 200 ms")->facts.failed = 3;
    searched_step(s, 400, KNEE_BROKE, "fast: 950 ms, limit 200 ms")->facts.failed = 5;
    searched_step(s, 300, KNEE_TOOL, "a loop came 300ms late");
    searched_step(s, 300, KNEE_MET, "");
    searched_step(s, 300, KNEE_MET, "");
}

void searched_free(struct searched *s) {
    sample_free(&s->sample);
}
