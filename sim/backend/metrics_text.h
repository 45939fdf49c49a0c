/* Chosen numbers out of a page of metrics in the text format of Prometheus, version 0.0.4. The page comes from outside: whatever does not
 * look like a sample is passed over, and nothing is kept but the numbers. */
#ifndef MUSTER_BACKEND_METRICS_TEXT_H
#define MUSTER_BACKEND_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct metrics_text_value {
    const char *name; /* of the metric, exactly */
    double value;     /* of all label sets together; finite */
    bool found;
};

/* Sets value and found of each. One pass. */
void metrics_text_read(const char *text, size_t size, struct metrics_text_value *values, unsigned count);

#endif
