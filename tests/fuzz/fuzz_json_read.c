/* JSON from files: the reader stays inside the bytes, keeps its tree in order, and whatever it takes it can also walk and unescape. */
#include <stdlib.h>

#include "base/check.h"
#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json_read doc = {0};
    int status = json_read_parse(&doc, (const char *)data, size);
    CHECK((status == 0) == (json_read_root(&doc) != NULL) && doc.error_at <= size);
    for (uint32_t i = 0; i < doc.count; i++) {
        const struct json_value *v = &doc.values[i];
        CHECK(v->text >= (const char *)data && v->text + v->size <= (const char *)data + size);
        CHECK(v->end > i && v->end <= doc.count);
        uint32_t children = 0;
        for (const struct json_value *c = json_read_first(&doc, v); c != NULL; c = json_read_next(&doc, v, c))
            children++;
        CHECK(children <= v->end - i - 1);
        char *text = json_read_dup(v);
        CHECK((text != NULL) == (v->kind == JSON_STRING));
        free(text);
        double number;
        int64_t whole;
        if (json_read_int(v, &whole))
            CHECK(v->size >= 64 || json_read_double(v, &number));
    }
    json_read_free(&doc);
    return 0;
}
