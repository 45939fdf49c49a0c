/* Pages of metrics as a hostile backend serves them: the reader stays inside the bytes, and what it finds is finite. */
#include <math.h>
#include <stdint.h>

#include "backend/metrics_text.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct metrics_text_value values[] = {{.name = "a"}, {.name = "process_cpu_seconds_total"}, {.name = ""}};
    metrics_text_read((const char *)data, size, values, 3);
    for (int i = 0; i < 3; i++)
        CHECK(isfinite(values[i].value) && (values[i].found || values[i].value == 0));
    CHECK(!values[2].found);
    return 0;
}
