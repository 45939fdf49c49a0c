/* A trace as anybody may have written it: whatever was read rises from 0, and every value between two rows is a number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/signal_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char why[SIGNAL_TRACE_WHY_MAX] = "", *text = malloc(size + 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    struct signal_trace t = {.column = size > 0 ? 1U + data[0] % 3U : 1U};
    int error = signal_trace_parse(text, &t, why);
    free(text);
    CHECK((error == 0) == (why[0] == '\0'));
    if (error != 0)
        return 0;
    CHECK(t.count > 0 && t.seconds[0] == 0);
    for (unsigned i = 1; i < t.count; i++)
        CHECK(t.seconds[i] > t.seconds[i - 1] && isfinite(t.seconds[i]) && isfinite(t.values[i] - t.values[i - 1]));
    free((void *)(uintptr_t)t.seconds);
    free((void *)(uintptr_t)t.values);
    return 0;
}
