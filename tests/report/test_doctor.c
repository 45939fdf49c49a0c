#include "report/doctor.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/layout.h"
#include "report/sample.h"

static const struct machine machine = {
    .name = "host", .kernel = "Linux 6.1", .cpu = "Processor", .cores = 2, .memory_bytes = 4ull << 30};
static struct requirement list[3];
static struct text out;

static struct doctor made(void) {
    out.size = 0;
    for (unsigned i = 0; i < 3; i++)
        list[i] = (struct requirement){.row = &requirement_table[i], .have = "something"};
    return (struct doctor){.machine = &machine, .list = list, .count = 3};
}

static void make_short(struct requirement *r) {
    r->verdict = REQUIREMENT_SHORT;
    snprintf(r->need, sizeof r->need, "7000");
    snprintf(r->why, sizeof r->why,
             "7000 of a thing whose description takes more than the rest of one line are needed");
    snprintf(r->fix, sizeof r->fix, "sudo sysctl -w a.very.long.name.of.a.setting=7000 another.very.long.one=8000");
}

static bool has(const char *words) {
    return strstr(text_get(&out), words) != NULL;
}

static void what_is_met_takes_one_line(void) {
    struct doctor d = made();
    doctor_text(&out, &d, false);
    CU_ASSERT_TRUE(has(" ENOUGH  this machine"));
    CU_ASSERT_TRUE(has("2 cores, 4.0 GiB, Linux 6.1\n"));
    CU_ASSERT_TRUE(has("\n \342\234\223 descriptors     something\n"));
    unsigned lines = 0;
    for (const char *at = text_get(&out); *at != '\0'; at++)
        lines += *at == '\n';
    CU_ASSERT_EQUAL(lines, 4);
    text_free(&out);
}

static void the_worst_comes_first_with_its_command_in_one_piece(void) {
    struct doctor d = made();
    make_short(&list[2]);
    doctor_text(&out, &d, false);
    CU_ASSERT_TRUE(has(" NOT ENOUGH  this machine"));
    CU_ASSERT_TRUE(has("\n \342\234\227 open files      need 7000; have something\n"));
    CU_ASSERT_TRUE(has("\342\206\222 sudo sysctl -w a.very.long.name.of.a.setting=7000 another.very.long.one=8000\n"));
    CU_ASSERT_TRUE(strstr(text_get(&out), "open files") < strstr(text_get(&out), "descriptors"));
    text_free(&out);
}

static void lines_fit_a_terminal_but_for_commands(void) {
    struct doctor d = made();
    make_short(&list[1]);
    doctor_text(&out, &d, false);
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        CU_ASSERT_TRUE(layout_width(line) <= LAYOUT_COLUMNS || strstr(line, "\342\206\222") != NULL);
    text_free(&out);
}

static void colors_only_when_asked_for(void) {
    struct doctor d = made();
    doctor_text(&out, &d, true);
    CU_ASSERT_TRUE(has("\033[1;32m"));
    out.size = 0;
    doctor_text(&out, &d, false);
    CU_ASSERT_FALSE(has("\033"));
    text_free(&out);
}

static void foreign_text_stays_harmless(void) {
    struct doctor d = made();
    make_short(&list[0]);
    snprintf(list[0].fix, sizeof list[0].fix, "getent hosts \033[31mred");
    snprintf(list[0].why, sizeof list[0].why, "\033[2J has no address");
    doctor_text(&out, &d, false);
    CU_ASSERT_FALSE(has("\033"));
    out.size = 0;
    doctor_json(&out, &d);
    CU_ASSERT_TRUE(sample_json_valid(text_get(&out), out.size));
    text_free(&out);
}

static void json_has_every_row(void) {
    struct doctor d = made();
    char text[400];
    bool enough = true;
    make_short(&list[1]);
    doctor_json(&out, &d);
    const char *json = text_get(&out);
    CU_ASSERT_TRUE(sample_json_valid(json, out.size));
    CU_ASSERT_TRUE(sample_json_bool(json, "enough", &enough) && !enough);
    CU_ASSERT_TRUE(sample_json_is_null(json, "scenario"));
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "requirements.0.id", text, sizeof text), "descriptors");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "requirements.0.verdict", text, sizeof text), "met");
    CU_ASSERT_TRUE(sample_json_is_null(json, "requirements.0.fix"));
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "requirements.1.verdict", text, sizeof text), "short");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "requirements.1.need", text, sizeof text), "7000");
    CU_ASSERT_EQUAL(sample_json_number(json, "machine.cores"), 2);
    text_free(&out);
}

HARNESS_MAIN("report/doctor", HARNESS_CASE(what_is_met_takes_one_line),
             HARNESS_CASE(the_worst_comes_first_with_its_command_in_one_piece),
             HARNESS_CASE(lines_fit_a_terminal_but_for_commands), HARNESS_CASE(colors_only_when_asked_for),
             HARNESS_CASE(foreign_text_stays_harmless), HARNESS_CASE(json_has_every_row))
