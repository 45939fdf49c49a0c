#include <string.h>

#include "base/err.h"
#include "coap/coap_rule.h"
#include "harness.h"

static void every_rule_has_a_statement_and_words(void) {
    for (unsigned n = 0; n < COAP_RULES; n++) {
        const struct coap_rule_row *row = &coap_rule_rows[n];
        CU_ASSERT_FATAL(row->statement_udp || row->statement_tcp);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row->detail);
        CU_ASSERT(row->result == ERR_MALFORMED || row->result == ERR_PROTOCOL || row->result == ERR_TOO_BIG);
        for (unsigned framing = COAP_UDP; framing <= COAP_WS; framing++) {
            struct coap_fault fault;
            CU_ASSERT_EQUAL(coap_rule_break((enum coap_rule)n, (enum coap_framing)framing, 9, &fault), row->result);
            CU_ASSERT_EQUAL(strncmp(fault.statement, "COAP-", 5), 0);
            CU_ASSERT_EQUAL(fault.option, 9);
            CU_ASSERT_EQUAL(fault.reaction == COAP_ANSWER, fault.code != 0);
            CU_ASSERT(framing == COAP_UDP || fault.reaction != COAP_REJECT); /* streams have no Reset */
        }
    }
}

static void streams_and_datagrams_break_their_own_statements(void) {
    struct coap_fault fault;
    coap_rule_break(COAP_RULE_TOKEN_LENGTH, COAP_UDP, 0, &fault);
    CU_ASSERT_STRING_EQUAL(fault.statement, "COAP-7252-3-3");
    CU_ASSERT_EQUAL(fault.reaction, COAP_REJECT);
    coap_rule_break(COAP_RULE_TOKEN_LENGTH, COAP_TCP, 0, &fault);
    CU_ASSERT_STRING_EQUAL(fault.statement, "COAP-8323-5.6-2");
    CU_ASSERT_EQUAL(fault.reaction, COAP_HANG_UP);
}

HARNESS_MAIN("coap_rule", HARNESS_CASE(every_rule_has_a_statement_and_words),
             HARNESS_CASE(streams_and_datagrams_break_their_own_statements))
