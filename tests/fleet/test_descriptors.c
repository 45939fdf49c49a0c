#include "fleet/descriptors.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "loop/loop_ev.h"

static void a_fleet_that_fits_one_table_gets_a_worker_per_core(void) {
    bool private_tables = true;
    CU_ASSERT_EQUAL(descriptors_workers(100, 2, 0, &private_tables), 2);
    CU_ASSERT_FALSE(private_tables);
}

static void a_fleet_that_does_not_fit_gets_tables_of_its_own(void) {
    bool private_tables = false;
    uint64_t limit = descriptors_limit();
    unsigned workers = descriptors_workers(limit * 10, 2, 0, &private_tables);
    CU_ASSERT_TRUE(private_tables);
    CU_ASSERT(workers >= 11);
    CU_ASSERT((uint64_t)workers * (limit - DESCRIPTORS_RESERVED) >= limit * 10);
}

static void asked_for_workers_are_given_unless_more_are_needed(void) {
    bool private_tables;
    CU_ASSERT_EQUAL(descriptors_workers(100, 2, 4, &private_tables), 4);
    CU_ASSERT(descriptors_workers(descriptors_limit() * 3, 2, 1, &private_tables) > 1);
}

static void there_are_never_more_workers_than_devices_unless_asked_for(void) {
    bool private_tables;
    CU_ASSERT_EQUAL(descriptors_workers(1, 8, 0, &private_tables), 1);
    CU_ASSERT_EQUAL(descriptors_workers(0, 8, 0, &private_tables), 8);
}

struct unsharing {
    struct loop *loop;
    int inherited;
    bool inherited_is_closed, loop_lives;
};

static void *unshare_and_look(void *context) {
    struct unsharing *u = context;
    descriptors_take_private(u->loop);
    u->inherited_is_closed = fcntl(u->inherited, F_GETFD) < 0;
    u->loop_lives = true;
    for (int fd = 3; fd < 256; fd++)
        if (loop_owns_descriptor(u->loop, fd) && fcntl(fd, F_GETFD) < 0)
            u->loop_lives = false;
    return NULL;
}

static void a_private_table_keeps_the_loop_and_drops_the_rest(void) {
    struct unsharing u = {.inherited = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    struct loop_handlers none = {0};
    CU_ASSERT_EQUAL_FATAL(loop_ev_new(&none, 1, &u.loop), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, unshare_and_look, &u);
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(u.inherited_is_closed);
    CU_ASSERT_TRUE(u.loop_lives);
    CU_ASSERT(fcntl(u.inherited, F_GETFD) >= 0); /* ours is untouched */
    close(u.inherited);
    loop_close(u.loop);
}

/* How many the table holds before it has to grow. */
static long table_size(void) {
    FILE *f = fopen("/proc/self/status", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    char line[256];
    long size = 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "FDSize: %ld", &size) == 1)
            break;
    fclose(f);
    return size;
}

static void a_table_grows_to_the_fleet_before_it_is_filled(void) {
    int next = dup(STDIN_FILENO);
    descriptors_make_room(1500);
    CU_ASSERT(table_size() >= 1500 || table_size() >= (long)descriptors_limit());
    int after = dup(STDIN_FILENO);
    CU_ASSERT_EQUAL(after, next + 1); /* nothing stays open */
    close(after);
    close(next);
    descriptors_make_room(UINT32_MAX); /* as far as the limit */
    CU_ASSERT(table_size() >= (long)descriptors_limit());
}

HARNESS_MAIN("descriptors", HARNESS_CASE(a_fleet_that_fits_one_table_gets_a_worker_per_core),
             HARNESS_CASE(a_fleet_that_does_not_fit_gets_tables_of_its_own),
             HARNESS_CASE(asked_for_workers_are_given_unless_more_are_needed),
             HARNESS_CASE(there_are_never_more_workers_than_devices_unless_asked_for),
             HARNESS_CASE(a_private_table_keeps_the_loop_and_drops_the_rest),
             HARNESS_CASE(a_table_grows_to_the_fleet_before_it_is_filled))
