#include "base/err.h"

#include <string.h>

#include "harness.h"

static void every_code_has_a_name_of_its_own(void) {
    for (int a = ERR_OK; a >= ERR_EXISTS; a--) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(err_name(a));
        CU_ASSERT_STRING_NOT_EQUAL(err_name(a), "unknown error");
        for (int b = ERR_OK; b > a; b--)
            CU_ASSERT_STRING_NOT_EQUAL(err_name(a), err_name(b));
    }
    CU_ASSERT_STRING_EQUAL(err_name(ERR_MALFORMED), "malformed");
}

static void other_numbers_are_unknown(void) {
    CU_ASSERT_STRING_EQUAL(err_name(1), "unknown error");
    CU_ASSERT_STRING_EQUAL(err_name(ERR_EXISTS - 1), "unknown error");
    CU_ASSERT_STRING_EQUAL(err_name(-2147483647 - 1), "unknown error");
    CU_ASSERT_STRING_EQUAL(err_name(2147483647), "unknown error");
}

HARNESS_MAIN("base/err", HARNESS_CASE(every_code_has_a_name_of_its_own), HARNESS_CASE(other_numbers_are_unknown))
