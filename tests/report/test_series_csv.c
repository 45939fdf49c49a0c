#include "report/series_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/documented.h"
#include "report/sample.h"

enum { FIELDS_MAX = 64 };

/* Splits a line without quoted fields; the number of fields. */
static unsigned split(char *line, char **fields) {
    unsigned count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *field; count < FIELDS_MAX && (field = strsep(&line, ",")) != NULL;)
        fields[count++] = field;
    return count;
}

static struct sample s;
static struct text header, row;
static char *names[FIELDS_MAX], *values[FIELDS_MAX];
static unsigned columns, fields;

static void begin(const char *phase) {
    sample_make(&s);
    struct run_second second = {.at = 12500 * SPAN_MS,
                                .second = s.result,
                                .total = s.result,
                                .cpu_share_max = 0.25,
                                .rss_bytes = 4096,
                                .phase = phase,
                                .trustworthy = true};
    series_csv_header(&header);
    series_csv_row(&row, &second);
    CU_ASSERT_EQUAL(row.data[row.size - 1], '\n');
    columns = split(header.data, names);
    fields = split(row.data, values);
}

static void end(void) {
    text_free(&header);
    text_free(&row);
    sample_free(&s);
}

static const char *value(const char *name) {
    for (unsigned i = 0; i < columns; i++)
        if (strcmp(names[i], name) == 0)
            return values[i];
    CU_FAIL("no such column");
    return "";
}

static void a_row_has_a_field_for_every_column(void) {
    begin("steady");
    CU_ASSERT_EQUAL(columns, fields);
    for (unsigned i = 0; i < columns; i++) {
        CU_ASSERT_STRING_EQUAL(names[i], series_csv_columns[i].name);
        CU_ASSERT_PTR_NOT_NULL(series_csv_columns[i].doc);
    }
    end();
}

static void numbers_are_those_of_the_interval(void) {
    begin("steady");
    static const struct {
        const char *column, *value;
    } cases[] = {{"time_s", "12.500"},
                 {"phase", "steady"},
                 {"online", "10"},
                 {"offline", "0"},
                 {"connects_attempted", "13"},
                 {"connects_ok", "10"},
                 {"connects_refused", "3"},
                 {"connects_failed", "3"},
                 {"publishes_sent", "1773"},
                 {"publishes_acked", "1700"},
                 {"publishes_failed", "9"},
                 {"publishes_dropped", "7"},
                 {"received", "3"},
                 {"bytes_up", "1000"},
                 {"bytes_down", "50"},
                 {"late", "0"},
                 {"cpu", "0.250"},
                 {"rss_bytes", "4096"},
                 {"trustworthy", "1"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_STRING_EQUAL(value(cases[i].column), cases[i].value);
    CU_ASSERT_DOUBLE_EQUAL(atof(value("connect_response_p99_ms")), 5, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(atof(value("publish_service_p50_ms")), 19, 0.2);
    end();
}

static void fields_without_data_are_empty(void) {
    sample_make(&s);
    result_clear(s.result);
    struct run_second second = {.second = s.result, .total = s.result};
    series_csv_header(&header);
    series_csv_row(&row, &second);
    columns = split(header.data, names);
    fields = split(row.data, values);
    CU_ASSERT_EQUAL(columns, fields);
    CU_ASSERT_STRING_EQUAL(value("connect_response_p50_ms"), "");
    CU_ASSERT_STRING_EQUAL(value("lag_p999_ms"), "");
    CU_ASSERT_STRING_EQUAL(value("trustworthy"), "0");
    end();
}

static void a_phase_with_a_comma_stays_one_field(void) {
    sample_make(&s);
    struct run_second second = {.second = s.result, .total = s.result, .phase = "=a,\"b\""};
    series_csv_row(&row, &second);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&row), ",\"'=a,\"\"b\"\"\","));
    end();
}

static void every_column_is_documented(void) {
    for (const struct series_csv_column *c = series_csv_columns; c->name != NULL; c++)
        CU_ASSERT_TRUE(documented(c->name));
}

HARNESS_MAIN("report/series_csv", HARNESS_CASE(a_row_has_a_field_for_every_column),
             HARNESS_CASE(numbers_are_those_of_the_interval), HARNESS_CASE(every_column_is_documented),
             HARNESS_CASE(fields_without_data_are_empty), HARNESS_CASE(a_phase_with_a_comma_stays_one_field))
