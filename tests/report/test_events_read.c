#include "report/events_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "report/events.h"
#include "report/temporary.h"

/* Three lines as the writer makes them, numbered from `first`. */
static struct text three_lines(unsigned first) {
    struct text all = {0};
    for (unsigned n = first; n < first + 3; n++) {
        struct text line = {0};
        text_printf(&line, "{\"n\":%u,\"t\":%u.5,\"kind\":\"message\",\"text\":\"x\"", n, n);
        events_seal(&line);
        text_append(&all, text_get(&line));
        text_free(&line);
    }
    return all;
}

static void whole_lines_are_read(void) {
    struct text all = three_lines(0);
    struct events_read r = events_read(all.data, all.size, NULL, NULL);
    CU_ASSERT_EQUAL(r.lines, 3);
    CU_ASSERT_EQUAL(r.missing, 0);
    CU_ASSERT_EQUAL(r.bytes_ignored, 0);
    CU_ASSERT_STRING_EQUAL(r.why, "");
    text_free(&all);
}

static void the_checksum_is_that_of_zlib_over_what_stands_before_it(void) {
    struct text line = {0};
    text_append(&line, "123456789");
    events_seal(&line);
    CU_ASSERT_STRING_EQUAL(text_get(&line), "123456789,\"crc\":\"cbf43926\"}\n");
    text_free(&line);
}

static void a_cut_at_any_byte_loses_the_torn_line_alone(void) {
    struct text all = three_lines(0);
    size_t line = all.size / 3; /* all three are equally long */
    for (size_t cut = 0; cut < all.size; cut++) {
        char *part = malloc(cut + 1); /* of its own: a sanitizer sees a byte too many */
        memcpy(part, all.data, cut);
        struct events_read r = events_read(part, cut, NULL, NULL);
        CU_ASSERT_EQUAL(r.lines, cut / line);
        CU_ASSERT_EQUAL(r.bytes_ignored, cut % line);
        CU_ASSERT_EQUAL(r.why[0] != '\0', cut % line != 0);
        free(part);
    }
    text_free(&all);
}

static void a_changed_byte_ends_the_reading_there(void) {
    struct text all = three_lines(0);
    size_t line = all.size / 3;
    for (size_t at = 0; at < all.size; at++) {
        char kept = all.data[at];
        all.data[at] = (char)(kept ^ 1);
        struct events_read r = events_read(all.data, all.size, NULL, NULL);
        CU_ASSERT_EQUAL(r.lines, at / line);
        CU_ASSERT_EQUAL(r.bytes_ignored, all.size - at / line * line);
        all.data[at] = kept;
    }
    text_free(&all);
}

static void a_gap_in_the_numbers_is_counted(void) {
    struct text all = three_lines(0), more = three_lines(10);
    text_append(&all, text_get(&more));
    struct events_read r = events_read(all.data, all.size, NULL, NULL);
    CU_ASSERT_EQUAL(r.lines, 6);
    CU_ASSERT_EQUAL(r.missing, 7);
    text_free(&all);
    text_free(&more);
}

static void numbers_that_fall_end_the_reading(void) {
    struct text all = three_lines(5), more = three_lines(0);
    text_append(&all, text_get(&more));
    struct events_read r = events_read(all.data, all.size, NULL, NULL);
    CU_ASSERT_EQUAL(r.lines, 3);
    CU_ASSERT_EQUAL(r.bytes_ignored, more.size);
    text_free(&all);
    text_free(&more);
}

static void a_line_without_end_is_not_searched_for_ever(void) {
    size_t size = 3 * EVENTS_LINE_MAX;
    char *data = malloc(size);
    memset(data, 'x', size);
    struct events_read r = events_read(data, size, NULL, NULL);
    CU_ASSERT_EQUAL(r.lines, 0);
    CU_ASSERT_EQUAL(r.bytes_ignored, size);
    CU_ASSERT_STRING_EQUAL(r.why, "a line is too long");
    free(data);
}

static void a_cursor_goes_on_in_the_next_part_and_stays_at_a_fault(void) {
    struct text first = three_lines(0), second = three_lines(3);
    struct events_line line;
    struct events_cursor c = events_read_begin(first.data, first.size);
    unsigned count = 0;
    while (events_read_next(&c, &line))
        CU_ASSERT_EQUAL(line.n, count++);
    events_read_part(&c, second.data, second.size);
    while (events_read_next(&c, &line))
        CU_ASSERT_EQUAL(line.n, count++);
    CU_ASSERT_EQUAL(count, 6);
    events_read_part(&c, first.data, first.size); /* its numbers fall */
    CU_ASSERT_FALSE(events_read_next(&c, &line));
    CU_ASSERT_FALSE(events_read_next(&c, &line));
    CU_ASSERT_EQUAL(c.so_far.lines, 6);
    CU_ASSERT_EQUAL(c.so_far.bytes_ignored, first.size);
    text_free(&first);
    text_free(&second);
}

static void add_n(void *context, uint64_t n, const char *line, size_t size) {
    CU_ASSERT_EQUAL(line[0], '{');
    CU_ASSERT_EQUAL(line[size - 1], '}');
    *(uint64_t *)context = *(uint64_t *)context * 10 + n;
}

static void files_are_read_and_missing_ones_reported(void) {
    struct temporary t = temporary_make();
    char path[256];
    struct text all = three_lines(1);
    FILE *f = fopen(temporary_path(&t, "events.ndjson", path, sizeof path), "we");
    fwrite(all.data, 1, all.size, f);
    fclose(f);
    uint64_t numbers = 0;
    struct events_read r;
    CU_ASSERT_EQUAL(events_read_file(path, add_n, &numbers, &r), 0);
    CU_ASSERT_EQUAL(numbers, 123);
    CU_ASSERT_EQUAL(r.missing, 1);
    CU_ASSERT_EQUAL(events_read_file(temporary_path(&t, "none", path, sizeof path), NULL, NULL, &r), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(events_read_file(t.path, NULL, NULL, &r), ERR_IO);
    fclose(fopen(temporary_path(&t, "empty", path, sizeof path), "we"));
    CU_ASSERT_EQUAL(events_read_file(path, NULL, NULL, &r), 0);
    CU_ASSERT_EQUAL(r.lines, 0);
    text_free(&all);
    temporary_remove(&t);
}

HARNESS_MAIN("report/events_read", HARNESS_CASE(whole_lines_are_read),
             HARNESS_CASE(the_checksum_is_that_of_zlib_over_what_stands_before_it),
             HARNESS_CASE(a_cut_at_any_byte_loses_the_torn_line_alone),
             HARNESS_CASE(a_changed_byte_ends_the_reading_there), HARNESS_CASE(a_gap_in_the_numbers_is_counted),
             HARNESS_CASE(numbers_that_fall_end_the_reading), HARNESS_CASE(a_line_without_end_is_not_searched_for_ever),
             HARNESS_CASE(a_cursor_goes_on_in_the_next_part_and_stays_at_a_fault),
             HARNESS_CASE(files_are_read_and_missing_ones_reported))
