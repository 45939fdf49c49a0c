#include "report/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"

/* The terminal's end; *other is the program's that would show it. */
static int open_terminal(unsigned short columns, int *other) {
    *other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(*other >= 0 && grantpt(*other) == 0 && unlockpt(*other) == 0);
    int terminal = open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    ioctl(terminal, TIOCSWINSZ, &size);
    return terminal;
}

static void the_width_is_that_of_now_or_80(void) {
    int other, terminal = open_terminal(132, &other), ends[2];
    CU_ASSERT_EQUAL(terminal_columns(terminal), 132);
    ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 55});
    CU_ASSERT_EQUAL(terminal_columns(terminal), 55);
    ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = 3});
    CU_ASSERT_EQUAL(terminal_columns(terminal), TERMINAL_COLUMNS_MIN);
    ioctl(terminal, TIOCSWINSZ, &(struct winsize){0}); /* serial lines do not know */
    CU_ASSERT_EQUAL(terminal_columns(terminal), 80);
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    CU_ASSERT_EQUAL(terminal_columns(ends[1]), 80);
    close(ends[0]);
    close(ends[1]);
    close(terminal);
    close(other);
}

static void only_a_terminal_that_moves_its_cursor_redraws(void) {
    int other, terminal = open_terminal(80, &other), ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    setenv("TERM", "xterm", 1);
    CU_ASSERT_TRUE(terminal_redraws(terminal));
    CU_ASSERT_FALSE(terminal_redraws(ends[1]));
    static const char *const without[] = {"dumb", ""};
    for (size_t i = 0; i < 2; i++) {
        setenv("TERM", without[i], 1);
        CU_ASSERT_FALSE(terminal_redraws(terminal));
        CU_ASSERT_FALSE(terminal_colors(terminal, false));
    }
    unsetenv("TERM");
    CU_ASSERT_FALSE(terminal_redraws(terminal));
    close(ends[0]);
    close(ends[1]);
    close(terminal);
    close(other);
}

static void colours_can_be_refused_by_option_and_by_variable(void) {
    int other, terminal = open_terminal(80, &other);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    CU_ASSERT_TRUE(terminal_colors(terminal, false));
    CU_ASSERT_FALSE(terminal_colors(terminal, true));
    setenv("NO_COLOR", "", 1); /* set and empty does not count */
    CU_ASSERT_TRUE(terminal_colors(terminal, false));
    setenv("NO_COLOR", "1", 1);
    CU_ASSERT_FALSE(terminal_colors(terminal, false));
    unsetenv("NO_COLOR");
    close(terminal);
    close(other);
}

static void the_first_variable_of_the_locale_that_is_set_decides(void) {
    static const struct {
        const char *all, *ctype, *lang;
        bool utf8;
    } rows[] = {{"", "", "", false},
                {"", "", "C", false},
                {"", "", "de_DE.UTF-8", true},
                {"", "", "C.utf8", true},
                {"C", "", "de_DE.UTF-8", false},
                {"", "en_US.ISO-8859-1", "de_DE.UTF-8", false},
                {"", "C.UTF-8", "C", true},
                {"C.UTF-8", "C", "C", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setenv("LC_ALL", rows[i].all, 1);
        setenv("LC_CTYPE", rows[i].ctype, 1);
        setenv("LANG", rows[i].lang, 1);
        CU_ASSERT_EQUAL(terminal_utf8(), rows[i].utf8);
    }
}

static void signs_become_ascii_of_the_same_width(void) {
    struct text t = {0};
    text_append(&t, "✓ a ✗ b → c… 3 × d – e · █░ −1 Zoë");
    terminal_ascii(&t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "+ a x b > c~ 3 x d - e - #. -1 Zoë"); /* what is not ours stays */
    CU_ASSERT_EQUAL(t.size, strlen(text_get(&t)));
    text_free(&t);
    terminal_ascii(&t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "");
}

static void wide_lines_are_folded_at_blanks(void) {
    static const struct {
        const char *text, *folded;
    } rows[] = {
        {"short\n", "short\n"},
        {"", ""},
        {"\n\nno end of line", "\n\nno end of line"},
        {"  indented words that go on and on\nnext\n", "  indented words\n    that go on and\n    on\nnext\n"},
        {"averylongwordthatcannotbebroken at all\n", "averylongwordthatcannotbebroken\n  at all\n"},
        {"a  column   apart\n", "a  column   apart\n"},
        {"éééééééé éééééééé\n", "éééééééé éééééééé\n"}, /* 17 columns, 33 bytes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t = {0};
        text_append(&t, rows[i].text);
        terminal_fold(&t, 18);
        CU_ASSERT_STRING_EQUAL(text_get(&t), rows[i].folded);
        text_free(&t);
    }
}

static void what_is_printed_follows_the_locale(void) {
    static const struct {
        const char *locale;
        enum terminal_form form;
        const char *shown;
    } rows[] = {{"C", TERMINAL_TABLE, "0s - 5s"},
                {"C", TERMINAL_PROSE, "0s - 5s"},
                {"C", TERMINAL_DATA, "0s – 5s"},
                {"C.UTF-8", TERMINAL_PROSE, "0s – 5s"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int ends[2], kept = dup(STDOUT_FILENO);
        char seen[32] = "";
        struct text t = {0};
        setenv("LC_ALL", rows[i].locale, 1);
        text_append(&t, "0s – 5s");
        CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
        fflush(stdout);
        dup2(ends[1], STDOUT_FILENO);
        terminal_print(&t, rows[i].form);
        fflush(stdout);
        dup2(kept, STDOUT_FILENO);
        CU_ASSERT_TRUE(read(ends[0], seen, sizeof seen - 1) > 0);
        CU_ASSERT_STRING_EQUAL(seen, rows[i].shown);
        CU_ASSERT_EQUAL(t.size, 0);
        close(ends[0]);
        close(ends[1]);
        close(kept);
    }
    unsetenv("LC_ALL");
}

HARNESS_MAIN("report/terminal", HARNESS_CASE(wide_lines_are_folded_at_blanks),
             HARNESS_CASE(what_is_printed_follows_the_locale), HARNESS_CASE(the_width_is_that_of_now_or_80),
             HARNESS_CASE(only_a_terminal_that_moves_its_cursor_redraws),
             HARNESS_CASE(colours_can_be_refused_by_option_and_by_variable),
             HARNESS_CASE(the_first_variable_of_the_locale_that_is_set_decides),
             HARNESS_CASE(signs_become_ascii_of_the_same_width))
