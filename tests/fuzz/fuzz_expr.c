/* The check grammar over arbitrary text: parses or refuses, and whatever it refuses it places inside the text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/expr.h"
#include "scenario/expr_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    struct expr *e;
    struct expr_error error;
    if (expr_parse(text, &e, &error) != 0) {
        CHECK(e == NULL && error.piece.offset <= strlen(text) && error.piece.size > 0 && error.why[0] != '\0');
    } else {
        char why[EXPR_WHY_MAX];
        enum expr_worst worst[EXPR_CALLS_MAX];
        CHECK(e->call_count > 0 && e->left < e->right && e->right == e->node_count - 1);
        expr_type_worst(e, worst);
        expr_type_may_abort(e, why, sizeof why);
        CHECK(expr_type_tightest_duration(e) >= 0);
        expr_free(e);
    }
    free(text);
    return 0;
}
