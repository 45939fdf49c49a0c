/* Unit tests on CUnit with one line per rule. A test file lists its cases and hands them to harness_run, which prints
 * what failed and, last, "N passed, N failed". The name of a case says the rule. */
#ifndef MUSTER_TESTS_HARNESS_H
#define MUSTER_TESTS_HARNESS_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct harness_case {
    const char *name;
    void (*run)(void);
};
#define HARNESS_CASE(function)                                                                                         \
    { #function, function }

/* Runs every case; exit status 0 only if all passed. */
int harness_run(const char *suite, const struct harness_case *cases, size_t count);

#define HARNESS_MAIN(suite, ...)                                                                                       \
    int main(void) {                                                                                                   \
        static const struct harness_case cases[] = {__VA_ARGS__};                                                      \
        return harness_run(suite, cases, sizeof cases / sizeof cases[0]);                                              \
    }

#endif
