#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

/* What log_line wrote to stderr for one call. */
static char said[8192];

static void capture(void (*speak)(void)) {
    int ends[2], kept = dup(STDERR_FILENO);
    CU_ASSERT_FATAL(kept >= 0 && pipe(ends) == 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    speak();
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t size = read(ends[0], said, sizeof said - 1);
    said[size > 0 ? size : 0] = '\0';
    close(ends[0]);
}

static void speak_warning(void) {
    log_line(LOG_WARNING, "%d of %s", 3, "four");
}

static int errno_behind;

static void speak_to_nobody(void) {
    close(STDERR_FILENO);
    errno = ENOENT;
    log_line(LOG_WARNING, "unheard");
    errno_behind = errno;
}

static void speak_long(void) {
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_line(LOG_INFO, "%s", text);
}

static void a_line_has_its_level_and_ends(void) {
    capture(speak_warning);
    CU_ASSERT_STRING_EQUAL(said, "muster: warning: 3 of four\n");
}

static void a_long_line_is_cut_and_still_ends(void) {
    capture(speak_long);
    size_t size = strlen(said);
    CU_ASSERT(size > 1000 && size < 4096);
    CU_ASSERT_EQUAL(said[size - 1], '\n');
    CU_ASSERT_PTR_EQUAL(strchr(said, '\n'), said + size - 1);
}

static void lines_that_were_written_are_counted(void) {
    uint64_t before = log_count();
    capture(speak_warning);
    capture(speak_long);
    CU_ASSERT_EQUAL(log_count(), before + 2);
}

static void errno_is_kept(void) {
    capture(speak_to_nobody);
    CU_ASSERT_STRING_EQUAL(said, "");
    CU_ASSERT_EQUAL(errno_behind, ENOENT);
}

HARNESS_MAIN("base/log", HARNESS_CASE(a_line_has_its_level_and_ends), HARNESS_CASE(a_long_line_is_cut_and_still_ends),
             HARNESS_CASE(lines_that_were_written_are_counted), HARNESS_CASE(errno_is_kept))
