/* Captures that are hostile, broken or strange: reading them neither crashes nor hangs, and whatever device they show gives a scenario
 * that compiles without a finding of level error, exactly and as a model.
 *
 * The first byte says how the rest is meant: as a file, or as the bytes that a client sends after its SYN, so that the fuzzer need not
 * find its way through four layers of lengths first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "import/imported.h"
#include "scenario/load.h"
#include "scenario/plan.h"
#include "transport/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SAID_MAX = 60000, HOW_FILE = 0 };

static const char *no_environment(void *context, const char *name) {
    (void)context;
    (void)name;
    return NULL;
}

static void compile(const struct text *scenario) {
    static const char *const name = "imported.yaml";
    struct load_options load = {.files = &name,
                                .file_count = 1,
                                .text = text_get(scenario),
                                .text_size = scenario->size,
                                .env = no_environment};
    struct diagnostic_list found;
    struct node *root = NULL;
    struct plan *plan = NULL;
    diagnostic_init(&found);
    if (load_scenario(&load, &root, &found) == 0)
        plan = plan_compile(root, &(struct plan_options){0}, &found);
    else
        node_free(root);
    for (size_t i = 0; plan == NULL && i < found.count; i++)
        fprintf(stderr, "%s %s\n", found.items[i].code, found.items[i].message);
    if (plan == NULL)
        fputs(text_get(scenario), stderr);
    CHECK(plan != NULL);
    plan_free(plan);
    diagnostic_free(&found);
}

static void import(FILE *f, const struct observed_device *device) {
    struct observed_who who = {device->client_id, device->client};
    struct observed seen;
    struct talk_counts counts;
    char why[TALK_WHY_MAX];
    rewind(f);
    CHECK(observed_read(f, &who, &seen, &counts, why) == 0 && seen.connection_count > 0);
    for (int model = 0; model < 2; model++) {
        struct text scenario = {0};
        imported_write(&seen, &counts, &(struct imported_options){.source = "fuzz", .model = model, .sizes = model},
                       &scenario);
        compile(&scenario);
        text_free(&scenario);
    }
    observed_free(&seen);
}

static void read_file(const uint8_t *data, size_t size) {
    struct observed_devices devices;
    struct talk_counts counts;
    char why[TALK_WHY_MAX];
    FILE *f = fmemopen((void *)(uintptr_t)data, size, "r");
    CHECK(f != NULL);
    if (observed_devices(f, "10.0.0.7", &devices, &counts, why) == 0 && devices.count > 0)
        import(f, &devices.list[0]);
    observed_devices_free(&devices);
    fclose(f);
}

/* The bytes of a device, cut into exported packets at every 0xA5. */
static void read_said(const uint8_t *data, size_t size) {
    static uint8_t file[4 * SAID_MAX];
    struct bytes_writer w = bytes_writer_of(file, sizeof file);
    struct capture_packet p = {.unix_ns = 1795336200 * SPAN_S, .dissector = "mqtt"};
    CHECK(address_parse("10.0.0.7", 4000, &p.from) == 0 && address_parse("192.0.2.1", 1883, &p.to) == 0);
    capture_section(&w, "fuzz", NULL);
    while (size > 0 && bytes_room(&w) > SAID_MAX + CAPTURE_OVERHEAD_MAX) {
        const uint8_t *cut = memchr(data, 0xA5, size);
        size_t piece = cut == NULL ? size : (size_t)(cut - data);
        p.data = bytes_of(data, piece);
        p.unix_ns += 250 * SPAN_MS;
        if (piece > 0)
            capture_packet(&w, &p);
        piece += cut != NULL;
        data += piece;
        size -= piece;
    }
    CHECK(!w.failed);
    read_file(file, bytes_written(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    if (data[0] == HOW_FILE)
        read_file(data + 1, size - 1);
    else if (size <= SAID_MAX)
        read_said(data + 1, size - 1);
    return 0;
}
