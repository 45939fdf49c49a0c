#include "report/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "report/layout.h"
#include "report/sample.h"

static struct sample s;
static struct run_second second;

static void begin(void) {
    sample_make(&s);
    second = (struct run_second){.at = 30 * SPAN_S,
                                 .second = s.result,
                                 .total = s.result,
                                 .cpu_share_max = 0.31,
                                 .phase = "steady",
                                 .trustworthy = true};
}

/* What is in the pipe by now. */
static size_t drain(int fd, char *buffer, size_t size) {
    ssize_t n = read(fd, buffer, size - 1);
    buffer[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static void elsewhere_than_on_a_terminal_a_line_comes_each_10_s(void) {
    begin();
    int ends[2];
    char buffer[4096];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    struct progress p;
    progress_begin(&p, &s.plan, ends[1], false, false);
    CU_ASSERT_EQUAL(p.mode, PROGRESS_PLAIN);
    unsigned lines = 0;
    second.at = SPAN_S;
    for (int i = 0; i <= 35; i++) {
        progress_second(&p, &second, 100 * SPAN_S + i * SPAN_S);
        if (drain(ends[0], buffer, sizeof buffer) > 0)
            lines++;
    }
    CU_ASSERT_EQUAL(lines, 3);
    progress_end(&p);
    CU_ASSERT_EQUAL(drain(ends[0], buffer, sizeof buffer), 0);
    close(ends[0]);
    close(ends[1]);
    sample_free(&s);
}

static void quiet_says_nothing(void) {
    begin();
    int ends[2];
    char buffer[64];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    struct progress p;
    progress_begin(&p, &s.plan, ends[1], true, false);
    for (int i = 0; i < 100; i++)
        progress_second(&p, &second, i * SPAN_S);
    progress_end(&p);
    CU_ASSERT_EQUAL(drain(ends[0], buffer, sizeof buffer), 0);
    close(ends[0]);
    close(ends[1]);
    sample_free(&s);
}

/* A terminal of `columns`; the descriptor of its other side. */
static int open_terminal(unsigned short columns, int *terminal) {
    int other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(other >= 0 && grantpt(other) == 0 && unlockpt(other) == 0);
    fcntl(other, F_SETFL, O_NONBLOCK);
    *terminal = open(ptsname(other), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    ioctl(*terminal, TIOCSWINSZ, &size);
    return other;
}

/* All that was written to the terminal: a pseudo-terminal passes it on in its own time, so the end is marked. */
static size_t read_screen(int other, int terminal, char *buffer, size_t size) {
    size_t used = 0;
    CU_ASSERT_EQUAL(write(terminal, "\a", 1), 1);
    while (used + 1 < size && (used == 0 || buffer[used - 1] != '\a')) {
        struct pollfd p = {.fd = other, .events = POLLIN};
        ssize_t n = poll(&p, 1, 10000) == 1 ? read(other, buffer + used, size - 1 - used) : -1;
        CU_ASSERT_TRUE_FATAL(n > 0);
        used += (size_t)n;
    }
    buffer[used - 1] = '\0';
    return used - 1;
}

static void a_terminal_gets_a_block_at_most_5_times_a_second(void) {
    begin();
    setenv("TERM", "xterm", 1);
    char buffer[65536];
    int terminal, other = open_terminal(60, &terminal);
    struct progress p;
    progress_begin(&p, &s.plan, terminal, false, false);
    CU_ASSERT_EQUAL(p.mode, PROGRESS_LIVE);
    unsigned pictures = 0;
    for (int i = 0; i < 100; i++)
        progress_second(&p, &second, i * 20 * SPAN_MS); /* 2 s */
    read_screen(other, terminal, buffer, sizeof buffer);
    for (const char *at = buffer; (at = strstr(at, " tool ")) != NULL; at++)
        pictures++;
    CU_ASSERT_EQUAL(pictures, 10);
    progress_end(&p);
    read_screen(other, terminal, buffer, sizeof buffer);
    CU_ASSERT_STRING_EQUAL(buffer, "\r\033[4A\033[J");
    close(terminal);
    close(other);
    sample_free(&s);
}

static void a_dumb_terminal_gets_lines(void) {
    begin();
    setenv("TERM", "dumb", 1);
    int terminal, other = open_terminal(60, &terminal);
    struct progress p;
    progress_begin(&p, &s.plan, terminal, false, false);
    CU_ASSERT_EQUAL(p.mode, PROGRESS_PLAIN);
    close(terminal);
    close(other);
    sample_free(&s);
}

/* The text of line `n` of a block, without what clears the rest of the row. */
static char *line_of(const struct text *block, unsigned n) {
    const char *at = text_get(block);
    for (; n > 0; n--)
        at = strchr(at, '\n') + 1;
    const char *end = strstr(at, "\033[K\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    return text_format("%.*s", (int)(end - at), at);
}

static void no_line_of_the_block_is_as_wide_as_the_terminal(void) {
    begin();
    s.plan.device_count = UINT32_MAX;
    second.phase = "a phase with quite a long name, longer than a narrow terminal is wide";
    struct progress p = {.plan = &s.plan};
    for (unsigned columns = 20; columns <= 220; columns += 7) {
        struct text out = {0};
        progress_block(&p, &second, columns, &out);
        CU_ASSERT_EQUAL(p.lines, PROGRESS_LINES);
        for (unsigned i = 0; i < p.lines; i++) {
            char *line = line_of(&out, i);
            CU_ASSERT_TRUE(layout_width(line) < columns);
            CU_ASSERT_EQUAL(layout_width(line), p.widths[i]);
            free(line);
        }
        text_free(&out);
    }
    sample_free(&s);
}

static void what_does_not_fit_is_left_out_whole(void) {
    begin();
    second.phase = "steady";
    struct progress p = {.plan = &s.plan};
    static const struct {
        unsigned columns;
        const char *lines[2];
    } rows[] = {
        {40, {" steady   ██████░░░░░░   50%   30s left", " online   10 of 10"}},
        {80, {" steady   ██████████████████░░░░░░░░░░░░░░░░░░░   50%   30s left   30s of 1m00s", " online   10 of 10"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text out = {0};
        progress_block(&p, &second, rows[i].columns, &out);
        for (unsigned k = 0; k < 2; k++) {
            char *line = line_of(&out, k);
            CU_ASSERT_STRING_EQUAL(line, rows[i].lines[k]);
            if (strcmp(line, rows[i].lines[k]) != 0)
                printf("     %s|\n", line);
            free(line);
        }
        text_free(&out);
    }
    sample_free(&s);
}

static void the_bar_is_full_when_settling_begins_and_never_before(void) {
    begin();
    struct progress p = {.plan = &s.plan};
    s.plan.settle = 10 * SPAN_S;
    struct text out = {0};
    second.at = 60 * SPAN_S - 1;
    progress_block(&p, &second, 80, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "░   99%"));
    out.size = 0;
    second.at = 63 * SPAN_S;
    second.phase = NULL;
    progress_block(&p, &second, 80, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "█   100%   up to 7s left"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), "░"));
    out.size = 0;
    second.at = 70 * SPAN_S;
    progress_block(&p, &second, 80, &out);
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), " left"));
    text_free(&out);
    sample_free(&s);
}

static void block_and_line_say_phase_load_and_health(void) {
    begin();
    struct progress p = {.plan = &s.plan, .color = true};
    struct text block = {0}, line = {0};
    progress_block(&p, &second, 120, &block);
    progress_line(&p, &second, &line);
    static const char *const said[] = {"30s of 1m00s", "steady",      "10 of 10", "1 776 msg/s",
                                       "publish p99",  "12 failed/s", "OK",       "CPU 31%"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&block), said[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&line), said[i]));
    }
    CU_ASSERT_PTR_NULL(strstr(text_get(&block), "\033[1;31m"));
    second.trustworthy = false;
    block.size = 0;
    progress_block(&p, &second, 100, &block);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&block), "\033[1;31m tool     NOT TRUSTWORTHY"));
    CU_ASSERT_EQUAL(strchr(text_get(&line), '\n') - text_get(&line), (long)line.size - 1);
    text_free(&block);
    text_free(&line);
    sample_free(&s);
}

/* What the next picture begins with, after a first one on a terminal of 100 columns. */
static void next_begins(unsigned short columns, span later, bool speak, const char *with) {
    begin();
    setenv("TERM", "xterm", 1);
    char buffer[65536];
    int terminal, other = open_terminal(100, &terminal);
    struct progress p;
    progress_begin(&p, &s.plan, terminal, false, true);
    progress_second(&p, &second, SPAN_S);
    read_screen(other, terminal, buffer, sizeof buffer);
    ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = columns});
    if (speak) {
        int kept = dup(STDERR_FILENO);
        dup2(terminal, STDERR_FILENO);
        log_line(LOG_ERROR, "the disk is full");
        dup2(kept, STDERR_FILENO);
        close(kept);
        read_screen(other, terminal, buffer, sizeof buffer);
    }
    progress_second(&p, &second, SPAN_S + later);
    read_screen(other, terminal, buffer, sizeof buffer);
    CU_ASSERT_TRUE(text_has_prefix(buffer, with));
    close(terminal);
    close(other);
    sample_free(&s);
}

static void a_picture_takes_the_place_of_the_last_one(void) {
    next_begins(100, SPAN_S, false, "\r\033[4A steady");
    next_begins(140, SPAN_S, false, "\r\033[4A steady");
}

static void a_terminal_that_became_narrower_has_wrapped_the_last_one(void) {
    next_begins(45, SPAN_S, false, "\r\033[7A steady"); /* 99, 18, 56 and 28 columns */
}

static void what_others_wrote_meanwhile_stays(void) {
    next_begins(100, SPAN_S, true, " steady");
    next_begins(100, 60 * SPAN_S, false, " steady"); /* stopped and continued: the shell wrote */
}

static void without_utf8_the_bar_is_ascii(void) {
    begin();
    setenv("TERM", "xterm", 1);
    setenv("LC_ALL", "C", 1);
    char buffer[65536];
    int terminal, other = open_terminal(80, &terminal);
    struct progress p;
    progress_begin(&p, &s.plan, terminal, false, false);
    progress_second(&p, &second, SPAN_S);
    read_screen(other, terminal, buffer, sizeof buffer);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer, "##..."));
    for (const char *at = buffer; *at != '\0'; at++)
        CU_ASSERT_TRUE((unsigned char)*at < 0x80);
    unsetenv("LC_ALL");
    close(terminal);
    close(other);
    sample_free(&s);
}

HARNESS_MAIN("report/progress", HARNESS_CASE(elsewhere_than_on_a_terminal_a_line_comes_each_10_s),
             HARNESS_CASE(quiet_says_nothing), HARNESS_CASE(a_terminal_gets_a_block_at_most_5_times_a_second),
             HARNESS_CASE(a_dumb_terminal_gets_lines), HARNESS_CASE(no_line_of_the_block_is_as_wide_as_the_terminal),
             HARNESS_CASE(what_does_not_fit_is_left_out_whole),
             HARNESS_CASE(the_bar_is_full_when_settling_begins_and_never_before),
             HARNESS_CASE(block_and_line_say_phase_load_and_health),
             HARNESS_CASE(a_picture_takes_the_place_of_the_last_one),
             HARNESS_CASE(a_terminal_that_became_narrower_has_wrapped_the_last_one),
             HARNESS_CASE(what_others_wrote_meanwhile_stays), HARNESS_CASE(without_utf8_the_bar_is_ascii))
