/* Manifests from anywhere: what is taken has what is needed to compute again, and nothing is left behind either way. */
#include <string.h>

#include "base/check.h"
#include "report/manifest_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct manifest m;
    char why[160] = "";
    int status = manifest_read((const char *)data, size, &m, why, sizeof why);
    if (status == 0) {
        CHECK(m.file != NULL && strlen(m.plan_hash) == 64 && strlen(m.run_id) == 4);
        CHECK(m.shard >= 1 && m.shard <= m.shards && m.argc >= 0 && m.argv != NULL);
    } else {
        CHECK(why[0] != '\0');
    }
    manifest_read_free(&m);
    return 0;
}
