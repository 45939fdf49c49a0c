#include "report/log_map.h"

#include <string.h>
#include <sys/stat.h>

#include "harness.h"
#include "report/logged.h"

static void a_file_is_mapped_whole(void) {
    struct temporary t = temporary_make();
    char path[256];
    logged_file(&t, "log", "three\nlines\nhere\n");
    struct log_map m = log_map_open(temporary_path(&t, "log", path, sizeof path));
    CU_ASSERT_EQUAL_FATAL(m.size, 17);
    CU_ASSERT_EQUAL(memcmp(m.data, "three\nlines\nhere\n", 17), 0);
    log_map_close(&m);
    CU_ASSERT_PTR_NULL(m.data);
    log_map_close(&m); /* again is harmless */
    temporary_remove(&t);
}

static void what_is_no_file_with_something_in_it_is_not_there(void) {
    struct temporary t = temporary_make();
    char path[256];
    logged_file(&t, "empty", "");
    CU_ASSERT_EQUAL(mkfifo(temporary_path(&t, "pipe", path, sizeof path), 0600), 0);
    static const char *const names[] = {"empty", "pipe", "missing", "."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct log_map m = log_map_open(temporary_path(&t, names[i], path, sizeof path));
        CU_ASSERT_PTR_NULL(m.data);
        log_map_close(&m);
    }
    temporary_remove(&t);
}

HARNESS_MAIN("report/log_map", HARNESS_CASE(a_file_is_mapped_whole),
             HARNESS_CASE(what_is_no_file_with_something_in_it_is_not_there))
