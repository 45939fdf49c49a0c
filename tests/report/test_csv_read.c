#include "report/csv_read.h"

#include <math.h>
#include <string.h>

#include "harness.h"

static struct csv_field fields[4];

static size_t next(struct csv_read *r) {
    return csv_read_next(r, fields, 4);
}

static struct csv_read reader(const char *text) {
    return (struct csv_read){text, strlen(text), 0};
}

static void records_are_split_at_commas_and_lines(void) {
    struct csv_read r = reader("a,,c\r\n1.5\n");
    CU_ASSERT_EQUAL(next(&r), 3);
    CU_ASSERT_TRUE(csv_read_is(&fields[0], "a") && csv_read_is(&fields[1], "") && csv_read_is(&fields[2], "c"));
    CU_ASSERT_EQUAL(next(&r), 1);
    CU_ASSERT_EQUAL(csv_read_number(&fields[0]), 1.5);
    CU_ASSERT_EQUAL(next(&r), 0);
}

static void quoted_fields_hold_commas_lines_and_doubled_quotes(void) {
    struct csv_read r = reader("\"a,\"\"b\n\",2\n\"\",\"=x\"\n");
    CU_ASSERT_EQUAL(next(&r), 2);
    CU_ASSERT_TRUE(csv_read_is(&fields[0], "a,\"\"b\n"));
    CU_ASSERT_EQUAL(csv_read_number(&fields[1]), 2);
    CU_ASSERT_EQUAL(next(&r), 2);
    CU_ASSERT_TRUE(csv_read_is(&fields[0], "") && csv_read_is(&fields[1], "=x"));
}

static void a_torn_last_record_does_not_count(void) {
    static const char *const torn[] = {"1,2\n3,4", "1,2\n\"3", "1,2\n\"3\"\"", "1,2\n3,"};
    for (size_t i = 0; i < sizeof torn / sizeof torn[0]; i++) {
        struct csv_read r = reader(torn[i]);
        CU_ASSERT_EQUAL(next(&r), 2);
        CU_ASSERT_EQUAL(next(&r), 0);
        CU_ASSERT_EQUAL(next(&r), 0);
    }
}

static void more_fields_than_there_is_room_for_are_counted_only(void) {
    struct csv_read r = reader("1,2,3,4,5,6\n7\n");
    CU_ASSERT_EQUAL(next(&r), 6);
    CU_ASSERT_EQUAL(csv_read_number(&fields[3]), 4);
    CU_ASSERT_EQUAL(next(&r), 1);
}

static void only_finite_decimal_numbers_are_numbers(void) {
    static const char *const wrong[] = {
        "", "x", "1x", "nan", "inf", "1e999", "0000000000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct csv_field f = {wrong[i], strlen(wrong[i])};
        CU_ASSERT_TRUE(isnan(csv_read_number(&f)));
    }
    struct csv_field f = {"-2.5e3,", 6};
    CU_ASSERT_EQUAL(csv_read_number(&f), -2500);
}

HARNESS_MAIN("report/csv_read", HARNESS_CASE(records_are_split_at_commas_and_lines),
             HARNESS_CASE(quoted_fields_hold_commas_lines_and_doubled_quotes),
             HARNESS_CASE(a_torn_last_record_does_not_count),
             HARNESS_CASE(more_fields_than_there_is_room_for_are_counted_only),
             HARNESS_CASE(only_finite_decimal_numbers_are_numbers))
