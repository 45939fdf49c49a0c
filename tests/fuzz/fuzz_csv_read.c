/* Series as a crash or a stranger left them: the reader stays inside the bytes, and every record that it gives ends with a line. */
#include <math.h>
#include <stdint.h>

#include "base/check.h"
#include "report/csv_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { ROOM = 8 };
    struct csv_read r = {(const char *)data, size, 0};
    struct csv_field fields[ROOM];
    size_t before = 0;
    for (size_t n; (n = csv_read_next(&r, fields, ROOM)) > 0; before = r.at) {
        CHECK(r.at > before && r.at <= size && data[r.at - 1] == '\n');
        for (size_t i = 0; i < n && i < ROOM; i++) {
            const char *begin = fields[i].text;
            CHECK(begin >= r.data + before && begin + fields[i].size <= r.data + r.at);
            double value = csv_read_number(&fields[i]);
            CHECK(isnan(value) || isfinite(value));
        }
    }
    CHECK(r.at == before);
    return 0;
}
