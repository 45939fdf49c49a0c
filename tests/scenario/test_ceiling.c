#include "scenario/ceiling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/version.h"
#include "harness.h"
#include "scratch.h"

static const struct ceiling sample = {.messages_per_s = 52345.5,
                                      .connects_per_s = 9000,
                                      .devices = 123456,
                                      .shape = "a \"quoted\" <fleet>: \303\251",
                                      .version = VERSION_TEXT,
                                      .kernel = "Linux 6.1",
                                      .cpu = "Processor (R) @ 2.1GHz",
                                      .cores = 2,
                                      .measured_unix_s = 1795334400};

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

/* Reads what stands in a file with that text. */
static int read_back(const char *text, struct ceiling *out) {
    char *directory = scratch_new(), *path = scratch_write(directory, "ceiling.json", text);
    int error = ceiling_read(path, out);
    free(path);
    scratch_remove(directory);
    return error;
}

static void what_was_written_is_read_back(void) {
    struct text out = {0};
    struct ceiling c;
    ceiling_write(&sample, &out);
    CU_ASSERT_EQUAL_FATAL(read_back(text_get(&out), &c), 0);
    text_free(&out);
    CU_ASSERT_EQUAL(c.messages_per_s, sample.messages_per_s);
    CU_ASSERT_EQUAL(c.connects_per_s, sample.connects_per_s);
    CU_ASSERT_EQUAL(c.devices, sample.devices);
    CU_ASSERT_STRING_EQUAL(c.shape, sample.shape);
    CU_ASSERT_STRING_EQUAL(c.version, sample.version);
    CU_ASSERT_STRING_EQUAL(c.kernel, sample.kernel);
    CU_ASSERT_STRING_EQUAL(c.cpu, sample.cpu);
    CU_ASSERT_EQUAL(c.cores, 2);
    CU_ASSERT_EQUAL(c.measured_unix_s, sample.measured_unix_s);
}

static void what_is_no_ceiling_is_refused(void) {
    struct ceiling c;
    CU_ASSERT_EQUAL(ceiling_read("/nonexistent/ceiling.json", &c), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(read_back("", &c), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_back("{\"schema\": 2, \"cores\": 1}", &c), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_back("[1, 2]", &c), ERR_MALFORMED);
    CU_ASSERT_EQUAL(read_back("{\"schema\": 1", &c), ERR_MALFORMED);
}

static void numbers_that_cannot_be_count_as_not_measured(void) {
    struct ceiling c;
    CU_ASSERT_EQUAL(read_back("{\"schema\": 1, \"messages_per_s\": -5, \"devices\": 1e300, \"cores\": \"x\"}", &c), 0);
    CU_ASSERT_EQUAL(c.messages_per_s, 0);
    CU_ASSERT_EQUAL(c.devices, 0);
    CU_ASSERT_EQUAL(c.cores, 0);
    CU_ASSERT_STRING_EQUAL(c.shape, "");
    CU_ASSERT_EQUAL(read_back("{\"schema\": 1, \"cores\": 4294967298, \"devices\": 5000000000}", &c), 0);
    CU_ASSERT_EQUAL(c.cores, 0);
    CU_ASSERT_EQUAL(c.devices, 5000000000);
    CU_ASSERT_EQUAL(read_back("{\"schema\": 4294967297}", &c), ERR_MALFORMED);
}

static void it_fits_only_the_machine_and_version_it_was_measured_with(void) {
    struct ceiling c = sample;
    CU_ASSERT_TRUE(ceiling_fits(&c, c.kernel, c.cpu, 2));
    CU_ASSERT_FALSE(ceiling_fits(&c, "Linux 6.2", c.cpu, 2));
    CU_ASSERT_FALSE(ceiling_fits(&c, c.kernel, "another", 2));
    CU_ASSERT_FALSE(ceiling_fits(&c, c.kernel, c.cpu, 4));
    snprintf(c.version, sizeof c.version, "0.0.1");
    CU_ASSERT_FALSE(ceiling_fits(&c, c.kernel, c.cpu, 2));
}

static void it_lives_in_the_cache_directory(void) {
    char path[200];
    setenv("XDG_CACHE_HOME", "/x/cache", 1);
    setenv("HOME", "/h", 1);
    CU_ASSERT_STRING_EQUAL(ceiling_path(NULL, path, sizeof path), "/x/cache/muster/ceiling.json");
    CU_ASSERT_PTR_NULL(ceiling_path(NULL, path, 10));
    setenv("XDG_CACHE_HOME", "relative", 1);
    CU_ASSERT_STRING_EQUAL(ceiling_path(NULL, path, sizeof path), "/h/.cache/muster/ceiling.json");
    unsetenv("XDG_CACHE_HOME");
    CU_ASSERT_STRING_EQUAL(ceiling_path(NULL, path, sizeof path), "/h/.cache/muster/ceiling.json");
    unsetenv("HOME");
    CU_ASSERT_PTR_NULL(ceiling_path(NULL, path, sizeof path));
}

static void a_scenario_s_own_measurement_comes_first(void) {
    char *directory = scratch_new(), path[200], own[200];
    struct text out = {0};
    struct ceiling c, other = sample;
    setenv("XDG_CACHE_HOME", directory, 1);
    CU_ASSERT_EQUAL(ceiling_find("storm", &c), ERR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/muster", directory);
    CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
    ceiling_write(&sample, &out);
    put(ceiling_path(NULL, path, sizeof path), text_get(&out));
    CU_ASSERT_TRUE(ceiling_find("storm", &c) == 0 && c.devices == sample.devices);
    other.devices = 7;
    text_free(&out);
    ceiling_write(&other, &out);
    put(ceiling_path("storm", own, sizeof own), text_get(&out));
    text_free(&out);
    CU_ASSERT_TRUE(ceiling_find("storm", &c) == 0 && c.devices == 7);
    CU_ASSERT_TRUE(ceiling_find("calm", &c) == 0 && c.devices == sample.devices);
    CU_ASSERT_TRUE(ceiling_find(NULL, &c) == 0 && c.devices == sample.devices);
    scratch_remove(directory);
}

HARNESS_MAIN("scenario/ceiling", HARNESS_CASE(what_was_written_is_read_back),
             HARNESS_CASE(what_is_no_ceiling_is_refused), HARNESS_CASE(numbers_that_cannot_be_count_as_not_measured),
             HARNESS_CASE(it_fits_only_the_machine_and_version_it_was_measured_with),
             HARNESS_CASE(it_lives_in_the_cache_directory), HARNESS_CASE(a_scenario_s_own_measurement_comes_first))
