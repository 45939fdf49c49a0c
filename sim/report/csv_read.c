#include "report/csv_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 63 };

/* Where the field that begins at `at` ends: at a comma, a line's end, or data + size when it is torn. */
static size_t field_at(const struct csv_read *r, size_t at, struct csv_field *f) {
    if (at < r->size && r->data[at] == '"') {
        size_t begin = ++at;
        while (at < r->size && (r->data[at] != '"' || (at + 1 < r->size && r->data[at + 1] == '"')))
            at += r->data[at] == '"' ? 2 : 1;
        at = at < r->size ? at : r->size;
        *f = (struct csv_field){r->data + begin, at - begin};
        at += at < r->size;
    } else {
        *f = (struct csv_field){r->data + at, 0};
    }
    size_t begin = at;
    while (at < r->size && r->data[at] != ',' && r->data[at] != '\n')
        at++;
    if (f->size == 0 && f->text == r->data + begin)
        f->size = at - begin - (at > begin && at < r->size && r->data[at] == '\n' && r->data[at - 1] == '\r');
    return at;
}

size_t csv_read_next(struct csv_read *r, struct csv_field *fields, size_t room) {
    size_t count = 0, at = r->at;
    while (at < r->size) {
        struct csv_field f;
        at = field_at(r, at, &f);
        if (at >= r->size)
            return 0;
        if (count < room)
            fields[count] = f;
        count++;
        if (r->data[at++] == '\n') {
            r->at = at;
            return count;
        }
    }
    return 0;
}

bool csv_read_is(const struct csv_field *f, const char *text) {
    return strlen(text) == f->size && memcmp(text, f->text, f->size) == 0;
}

double csv_read_number(const struct csv_field *f) {
    char text[NUMBER_MAX + 1];
    if (f->size == 0 || f->size > NUMBER_MAX)
        return NAN;
    memcpy(text, f->text, f->size);
    text[f->size] = '\0';
    char *end;
    double value = strtod(text, &end);
    return *end == '\0' && isfinite(value) ? value : NAN;
}
