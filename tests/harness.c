#include "harness.h"

#include <stdio.h>

#include <CUnit/TestRun.h>

static void print_failures(const char *suite) {
    for (CU_pFailureRecord f = CU_get_failure_list(); f != NULL; f = f->pNext)
        printf("FAIL %s: %s\n     %s:%u: %s\n", suite, f->pTest ? f->pTest->pName : "(set-up)", f->strFileName,
               f->uiLineNumber, f->strCondition);
}

int harness_run(const char *suite, const struct harness_case *cases, size_t count) {
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; s != NULL && i < count; i++)
        if (CU_add_test(s, cases[i].name, cases[i].run) == NULL)
            return 2;
    CU_run_all_tests();
    print_failures(suite);
    unsigned failed = CU_get_number_of_tests_failed();
    printf("%s: %u passed, %u failed\n", suite, CU_get_number_of_tests_run() - failed, failed);
    CU_cleanup_registry();
    return failed == 0 ? 0 : 1;
}
