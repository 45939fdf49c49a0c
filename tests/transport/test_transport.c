#include "transport/transport.h"

#include "base/check.h"
#include "harness.h"

static void every_kind_has_a_complete_row(void) {
    for (int i = 0; i < TRANSPORT_KINDS; i++) {
        const struct transport_ops *ops = transport_table[i];
        CU_ASSERT_PTR_NOT_NULL_FATAL(ops);
        CU_ASSERT_PTR_NOT_NULL(ops->name);
        CU_ASSERT(ops->open != NULL && ops->progress != NULL && ops->send != NULL && ops->recv != NULL);
        CU_ASSERT(ops->close != NULL && ops->silence != NULL);
    }
}

static void tcp_is_a_stream(void) {
    CU_ASSERT(transport_table[TRANSPORT_TCP]->stream);
    CU_ASSERT_STRING_EQUAL(transport_table[TRANSPORT_TCP]->name, "tcp");
}

HARNESS_MAIN("transport", HARNESS_CASE(every_kind_has_a_complete_row), HARNESS_CASE(tcp_is_a_stream))
