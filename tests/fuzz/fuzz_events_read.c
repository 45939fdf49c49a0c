/* Event logs as a crash, a full disk or a stranger left them: the reader stays inside the bytes, stops where it says, and what it
 * calls whole is whole. */
#include <string.h>

#include "base/check.h"
#include "report/events_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t lines, next;
    size_t bytes;
};

static void visit(void *context, uint64_t n, const char *line, size_t size) {
    struct seen *s = context;
    CHECK(n >= s->next && memchr(line, '\n', size) == NULL);
    s->next = n + 1;
    s->lines++;
    s->bytes += size + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct seen s = {0};
    struct events_read r = events_read((const char *)data, size, visit, &s);
    CHECK(r.lines == s.lines && s.bytes + r.bytes_ignored == size);
    CHECK((r.why[0] == '\0') == (r.bytes_ignored == 0));
    return 0;
}
