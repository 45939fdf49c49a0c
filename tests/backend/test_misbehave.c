#include "backend/misbehave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"

static char why[512];

static int set(struct misbehave *m, const char *argument) {
    *why = '\0';
    return misbehave_set(m, argument, why, sizeof why);
}

static void every_row_takes_its_own_example(void) {
    for (unsigned i = 0; i < MISBEHAVIOURS; i++) {
        struct misbehave m;
        misbehave_init(&m);
        CU_ASSERT_EQUAL(set(&m, misbehave_rows[i].example), 0);
        for (unsigned k = 0; k < MISBEHAVIOURS; k++)
            CU_ASSERT_EQUAL(misbehave_on(&m, k), k == i);
    }
}

static void wrong_arguments_are_explained(void) {
    struct misbehave m;
    misbehave_init(&m);
    CU_ASSERT_EQUAL(set(&m, "dorp=3"), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "did you mean 'drop'"));
    CU_ASSERT_EQUAL(set(&m, ""), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(set(&m, "=3"), ERR_NOT_FOUND);
    static const char *const wrong[] = {"drop",
                                        "drop=",
                                        "drop=0",
                                        "drop=x",
                                        "drop=-1",
                                        "ignore_pings=1",
                                        "ack_delay=20",
                                        "ack_delay=lognormal(1)",
                                        "drip=1",
                                        "drip=0/s",
                                        "redirect",
                                        "redirect=",
                                        "refuse_connects=0x20",
                                        "refuse_connects=256",
                                        "stop_acks"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_EQUAL(set(&m, wrong[i]), ERR_MALFORMED);
        CU_ASSERT_TRUE(strlen(why) > 5);
    }
    char longer[400] = "redirect=";
    memset(longer + 9, 'x', 300);
    CU_ASSERT_EQUAL(set(&m, longer), ERR_MALFORMED);
    for (unsigned k = 0; k < MISBEHAVIOURS; k++)
        CU_ASSERT_FALSE(misbehave_on(&m, k));
}

static void every_acts_on_every_nth_and_after_on_all_but_the_first(void) {
    struct misbehave m;
    misbehave_init(&m);
    CU_ASSERT_FALSE(misbehave_act(&m, MISBEHAVE_DROP));
    set(&m, "drop=3");
    set(&m, "stop_acks=2");
    set(&m, "ignore_pings");
    for (unsigned i = 1; i <= 10; i++) {
        CU_ASSERT_EQUAL(misbehave_act(&m, MISBEHAVE_DROP), i % 3 == 0);
        CU_ASSERT_EQUAL(misbehave_act(&m, MISBEHAVE_STOP_ACKS), i > 2);
        CU_ASSERT_TRUE(misbehave_act(&m, MISBEHAVE_IGNORE_PINGS));
    }
    CU_ASSERT_EQUAL(m.of[MISBEHAVE_DROP].count, 3);
    CU_ASSERT_EQUAL(m.of[MISBEHAVE_STOP_ACKS].count, 8);
    CU_ASSERT_EQUAL(m.of[MISBEHAVE_IGNORE_PINGS].count, 10);
}

static void what_is_due_counts_only_when_it_was_done(void) {
    struct misbehave m;
    misbehave_init(&m);
    set(&m, "reorder=1");
    CU_ASSERT_TRUE(misbehave_due(&m, MISBEHAVE_REORDER));
    CU_ASSERT_EQUAL(m.of[MISBEHAVE_REORDER].count, 0);
    misbehave_acted(&m, MISBEHAVE_REORDER);
    CU_ASSERT_EQUAL(m.of[MISBEHAVE_REORDER].count, 1);
}

static void the_report_names_what_is_on(void) {
    struct misbehave m;
    struct text text = {0};
    misbehave_init(&m);
    set(&m, "drop=1000");
    set(&m, "refuse_connects");
    misbehave_acted(&m, MISBEHAVE_DROP);
    struct json_write w = json_write_to(&text, 0);
    misbehave_report(&m, &w);
    CU_ASSERT_STRING_EQUAL(text_get(&text), "{\"drop\":{\"value\":\"1000\",\"count\":1},"
                                            "\"refuse_connects\":{\"value\":\"0x88\",\"count\":0}}");
    text_free(&text);
}

/* --- the manual ---------------------------------------------------------------------------------------------------- */

static char *manual(void) {
    static char text[65536];
    FILE *f = fopen("docs/builtin-broker.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static void the_manual_has_every_row_word_for_word(void) {
    const char *text = manual();
    unsigned lines = 0;
    for (unsigned i = 0; i < MISBEHAVIOURS; i++) {
        const struct misbehave_row *r = &misbehave_rows[i];
        char line[1024];
        snprintf(line, sizeof line, "\n| `%s` | %s | %s | %s |\n", r->example, r->doc, r->statement, r->counts);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
        if (strstr(text, line) == NULL)
            printf("docs/builtin-broker.md lacks the line:%s", line);
    }
    const char *table = strstr(text, "| as an argument |");
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (const char *at = table; (at = strstr(at, "\n| `")) != NULL; at++)
        lines++;
    CU_ASSERT_EQUAL(lines, MISBEHAVIOURS); /* and none that there is no row for */
}

HARNESS_MAIN("misbehave", HARNESS_CASE(every_row_takes_its_own_example), HARNESS_CASE(wrong_arguments_are_explained),
             HARNESS_CASE(every_acts_on_every_nth_and_after_on_all_but_the_first),
             HARNESS_CASE(what_is_due_counts_only_when_it_was_done), HARNESS_CASE(the_report_names_what_is_on),
             HARNESS_CASE(the_manual_has_every_row_word_for_word))
