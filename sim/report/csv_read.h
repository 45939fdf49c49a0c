/* Reads CSV (RFC 4180) record by record, as series.csv is written: whole lines count, a torn last one does not. No allocation; fields are
 * slices of the text. */
#ifndef MUSTER_REPORT_CSV_READ_H
#define MUSTER_REPORT_CSV_READ_H

#include <stdbool.h>
#include <stddef.h>

struct csv_read {
    const char *data; /* borrowed */
    size_t size, at;
};

/* As in the text; a quoted field without its outer quotes, doubled ones inside left as they are. */
struct csv_field {
    const char *text;
    size_t size;
};

/* The fields of the next record; at most `room` are stored, all are counted. 0 at the end of what is whole. */
size_t csv_read_next(struct csv_read *r, struct csv_field *fields, size_t room);
/* Does the field have exactly this text? */
bool csv_read_is(const struct csv_field *f, const char *text);
/* A decimal number, all of the field; NAN for an empty field and for what is no finite number. */
double csv_read_number(const struct csv_field *f);

#endif
