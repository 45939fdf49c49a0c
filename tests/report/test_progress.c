#include "report/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
    progress_begin(&p, &s.plan, ends[1], true, true);
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

static void a_terminal_gets_a_block_at_most_5_times_a_second(void) {
    begin();
    setenv("TERM", "xterm", 1);
    char buffer[65536];
    int terminal, other = open_terminal(60, &terminal);
    struct progress p;
    progress_begin(&p, &s.plan, terminal, false, false);
    CU_ASSERT_EQUAL(p.mode, PROGRESS_LIVE);
    unsigned pictures = 0;
    for (int i = 0; i < 100; i++) {
        progress_second(&p, &second, i * 20 * SPAN_MS); /* 2 s */
        pictures += drain(other, buffer, sizeof buffer) > 0;
    }
    CU_ASSERT_EQUAL(pictures, 10);
    progress_end(&p);
    drain(other, buffer, sizeof buffer);
    CU_ASSERT_STRING_EQUAL(buffer, "\033[3A\r\033[J");
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

static void no_line_of_the_block_is_wider_than_the_terminal(void) {
    begin();
    s.plan.device_count = UINT32_MAX;
    second.phase = "a phase with quite a long name, longer than a narrow terminal is wide";
    struct progress p = {.plan = &s.plan};
    for (unsigned columns = 20; columns <= 120; columns += 7) {
        struct text out = {0};
        unsigned lines = progress_block(&p, &second, columns, &out), seen = 0;
        for (char *line = out.data, *end; *line != '\0'; line = end + 1, seen++) {
            end = strchr(line, '\n');
            *end = '\0';
            char *clear = strstr(line, "\033[K");
            CU_ASSERT_PTR_NOT_NULL_FATAL(clear);
            *clear = '\0';
            CU_ASSERT_TRUE(layout_width(line) < columns);
        }
        CU_ASSERT_EQUAL(seen, lines);
        text_free(&out);
    }
    sample_free(&s);
}

static void block_and_line_say_phase_load_and_health(void) {
    begin();
    struct progress p = {.plan = &s.plan, .color = true};
    struct text block = {0}, line = {0};
    progress_block(&p, &second, 100, &block);
    progress_line(&p, &second, &line);
    static const char *const said[] = {"30s of 1m00s", "steady",      "online 10 of 10", "1 776 msg/s",
                                       "publish p99",  "12 failed/s", "tool OK",         "CPU 31%"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&block), said[i]));
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&line), said[i]));
    }
    CU_ASSERT_PTR_NULL(strstr(text_get(&block), "\033[1;31m"));
    second.trustworthy = false;
    block.size = 0;
    progress_block(&p, &second, 100, &block);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&block), "\033[1;31mtool NOT OK"));
    CU_ASSERT_EQUAL(strchr(text_get(&line), '\n') - text_get(&line), (long)line.size - 1);
    text_free(&block);
    text_free(&line);
    sample_free(&s);
}

HARNESS_MAIN("report/progress", HARNESS_CASE(elsewhere_than_on_a_terminal_a_line_comes_each_10_s),
             HARNESS_CASE(quiet_says_nothing), HARNESS_CASE(a_terminal_gets_a_block_at_most_5_times_a_second),
             HARNESS_CASE(a_dumb_terminal_gets_lines), HARNESS_CASE(no_line_of_the_block_is_wider_than_the_terminal),
             HARNESS_CASE(block_and_line_say_phase_load_and_health))
