#include "cli/library.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const struct explain_topic *find(const struct library *l, const char *name) {
    for (unsigned i = 0; i < l->count; i++)
        if (strcmp(l->topics[i].name, name) == 0)
            return &l->topics[i];
    return NULL;
}

static void networks_and_profiles_are_found_with_their_comments(void) {
    struct library *l = calloc(1, sizeof *l);
    library_read(l, ".");
    const struct explain_topic *ltem = find(l, "ltem"), *meter = find(l, "mains-smart-meter");
    CU_ASSERT_PTR_NOT_NULL_FATAL(ltem);
    CU_ASSERT_PTR_NOT_NULL_FATAL(meter);
    CU_ASSERT_STRING_EQUAL(ltem->kind, "network, from profiles/networks/cellular.yaml");
    CU_ASSERT_STRING_EQUAL(ltem->example, "networks: {mine: {extends: ltem}}");
    CU_ASSERT_PTR_NOT_NULL(strstr(ltem->doc, "rtt: lognormal("));
    CU_ASSERT_PTR_NOT_NULL(strchr(ltem->doc, '#'));
    CU_ASSERT_PTR_NULL(strstr(ltem->doc, "lte-mobile")); /* that is the next one */
    CU_ASSERT_STRING_EQUAL(meter->kind, "profile, from profiles/devices/buildings.yaml");
    CU_ASSERT_PTR_NULL(l->topics[l->count].name);
    library_free(l);
    free(l);
}

static void of_two_entries_with_one_name_the_first_stays(void) {
    struct library *l = calloc(1, sizeof *l);
    library_read(l, ".");
    unsigned count = l->count;
    library_read(l, ".");
    CU_ASSERT_EQUAL(l->count, count);
    library_free(l);
    free(l);
}

static void a_directory_without_profiles_adds_nothing(void) {
    struct library *l = calloc(1, sizeof *l);
    library_read(l, "/nonexistent");
    CU_ASSERT_EQUAL(l->count, 0);
    library_free(l);
    free(l);
}

HARNESS_MAIN("cli/library", HARNESS_CASE(networks_and_profiles_are_found_with_their_comments),
             HARNESS_CASE(of_two_entries_with_one_name_the_first_stays),
             HARNESS_CASE(a_directory_without_profiles_adds_nothing))
