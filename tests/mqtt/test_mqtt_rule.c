#include "mqtt/mqtt_rule.h"

#include <string.h>

#include "base/err.h"
#include "harness.h"

static bool well_formed(const char *statement, const char *prefix) {
    return !statement || strncmp(statement, "MQTT-", 5) == 0 || strncmp(statement, prefix, 4) == 0;
}

static void every_rule_has_a_statement_a_verdict_and_words(void) {
    for (unsigned i = 0; i < MQTT_RULES; i++) {
        const struct mqtt_rule_row *row = &mqtt_rule_rows[i];
        CU_ASSERT(row->statement_311 || row->statement_5);
        CU_ASSERT(well_formed(row->statement_311, "M3U-") && well_formed(row->statement_5, "M5U-"));
        CU_ASSERT(row->result == ERR_MALFORMED || row->result == ERR_PROTOCOL || row->result == ERR_TOO_BIG);
        CU_ASSERT(row->reason_code >= 0x80 && row->detail && row->detail[0]);
    }
}

static void a_breach_is_named_by_the_version_that_has_the_rule(void) {
    struct mqtt_fault fault;
    CU_ASSERT_EQUAL(mqtt_rule_break(MQTT_RULE_UTF8, MQTT_3_1_1, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.3-1");
    mqtt_rule_break(MQTT_RULE_UTF8, MQTT_5_0, &fault);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.4-1");
    mqtt_rule_break(MQTT_RULE_PASSWORD_WITHOUT_USER_NAME, MQTT_5_0, &fault);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-3.1.2-22");
}

HARNESS_MAIN("mqtt_rule", HARNESS_CASE(every_rule_has_a_statement_a_verdict_and_words),
             HARNESS_CASE(a_breach_is_named_by_the_version_that_has_the_rule))
