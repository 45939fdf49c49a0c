#include "fleet/virtual.h"

#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "made.h"

static struct made m;
static char why[256];

static void every_target_has_a_broker_of_its_own(void) {
    struct target targets[2];
    struct virtual_run *v;
    made_plan(&m, 1, NULL);
    targets[0] = targets[1] = m.target;
    m.plan.targets = targets;
    m.plan.target_count = 2;
    CU_ASSERT_EQUAL_FATAL(virtual_open(&m.plan, true, &v, why, sizeof why), 0);
    for (unsigned t = 0; t < 3; t++) {
        struct address at = virtual_node(t);
        int fd = memory_net_connect(v->net, &at, NULL);
        CU_ASSERT_EQUAL(fd >= 0, t < 2);
        if (fd >= 0)
            memory_net_close(v->net, fd, true);
    }
    virtual_close(v);
    made_free(&m);
}

static void addresses_are_nobodys(void) {
    char text[64];
    struct address node = virtual_node(1), device = virtual_device(258);
    CU_ASSERT_STRING_EQUAL(address_format(&node, text, sizeof text), "192.0.2.2:1883");
    CU_ASSERT_STRING_EQUAL(address_format(&device, text, sizeof text), "10.0.1.2");
}

static void a_setting_that_the_broker_does_not_know_is_told(void) {
    const char *settings[] = {"admits=5/s"};
    struct virtual_run *v;
    made_plan(&m, 1, NULL);
    m.plan.builtin_settings = settings;
    m.plan.builtin_setting_count = 1;
    CU_ASSERT(virtual_open(&m.plan, true, &v, why, sizeof why) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "admits"));
    made_free(&m);
}

HARNESS_MAIN("fleet/virtual", HARNESS_CASE(every_target_has_a_broker_of_its_own), HARNESS_CASE(addresses_are_nobodys),
             HARNESS_CASE(a_setting_that_the_broker_does_not_know_is_told))
