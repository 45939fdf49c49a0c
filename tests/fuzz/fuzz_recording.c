/* recording.bin as a crash or a stranger left it: every record that is told lies inside the bytes and is whole. */
#include "base/check.h"
#include "fleet/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    struct bytes file;
    uint64_t sum;
};

static void take(void *context, const struct recording_event *e) {
    struct told *t = context;
    CHECK(e->kind < RECORDING_KINDS && e->at >= 0);
    CHECK(e->data.size == 0 ||
          (e->data.data >= t->file.data && e->data.data + e->data.size <= t->file.data + t->file.size));
    for (size_t i = 0; i < e->data.size; i++)
        t->sum += e->data.data[i];
    CHECK(e->kind != RECORDING_ENDED || e->data.size == 1);
    CHECK(e->kind != RECORDING_RECEIVED || e->data.size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct told told = {.file = bytes_of(data, size)};
    char why[256] = "";
    int error = recording_read(told.file, take, &told, why, sizeof why);
    CHECK((error == 0) == (why[0] == '\0'));
    return 0;
}
