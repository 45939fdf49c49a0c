#include "harness.h"

#include <string.h>

#include "scenario/load.h"
#include "scenario/validate.h"

static void phases_are_ids_and_the_implicit_three(void) {
    static const char text[] = "timeline: [{do: connect}, {id: outage, do: link_down}]\n";
    struct diagnostic_list list;
    const char *names[2];
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", text, sizeof text - 1, &list);
    CU_ASSERT(validate_phase_exists(root, "outage") && validate_phase_exists(root, "ramp"));
    CU_ASSERT(validate_phase_exists(root, "steady") && validate_phase_exists(root, "settle"));
    CU_ASSERT_FALSE(validate_phase_exists(root, "outge"));
    CU_ASSERT_STRING_EQUAL(validate_phase_nearest(root, "outge"), "outage");
    CU_ASSERT_STRING_EQUAL(validate_phase_nearest(NULL, "stedy"), "steady");
    CU_ASSERT_PTR_NULL(validate_phase_nearest(root, "nothing-like-it"));
    CU_ASSERT_EQUAL(validate_phase_names(root, names, 2), 2);
    CU_ASSERT_STRING_EQUAL(names[0], "outage");
    node_free(root);
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/validate_phase", HARNESS_CASE(phases_are_ids_and_the_implicit_three))
