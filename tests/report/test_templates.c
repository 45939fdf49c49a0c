#include "report/templates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const struct {
    const char *file, *embedded;
} templates[] = {
    {"reports/report.css", templates_css},           {"reports/common.gp", templates_common},
    {"reports/quantiles.gp", templates_quantiles},   {"reports/latency.gp", templates_latency},
    {"reports/states.gp", templates_states},         {"reports/outages.gp", templates_outages},
    {"reports/connects.gp", templates_connects},     {"reports/messages.gp", templates_messages},
    {"reports/end_to_end.gp", templates_end_to_end}, {"reports/tool.gp", templates_tool},
    {"reports/backend.gp", templates_backend},       {"reports/batteries.gp", templates_batteries},
    {"reports/energy.gp", templates_energy},
};

static void every_template_is_the_file_it_came_from(void) {
    enum { ROOM = 1 << 16 };
    char *text = malloc(ROOM);
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        FILE *f = fopen(templates[i].file, "re");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        size_t size = fread(text, 1, ROOM - 1, f);
        text[size] = '\0';
        fclose(f);
        CU_ASSERT_STRING_EQUAL(text, templates[i].embedded);
    }
    free(text);
}

/* gnuplot runs what stands between back-quotes, and data files whose names begin with "<". */
static void no_script_can_start_a_command(void) {
    for (size_t i = 1; i < sizeof templates / sizeof templates[0]; i++) {
        CU_ASSERT_PTR_NULL(strchr(templates[i].embedded, '`'));
        CU_ASSERT_PTR_NULL(strstr(templates[i].embedded, "'<"));
        CU_ASSERT_PTR_NULL(strstr(templates[i].embedded, "system"));
        CU_ASSERT_PTR_NULL(strchr(templates[i].embedded, '!'));
    }
}

static void the_style_sheet_cannot_end_its_element_or_fetch_anything(void) {
    CU_ASSERT_PTR_NULL(strchr(templates_css, '<'));
    CU_ASSERT_PTR_NULL(strstr(templates_css, "url("));
    CU_ASSERT_PTR_NULL(strstr(templates_css, "@import"));
}

HARNESS_MAIN("report/templates", HARNESS_CASE(every_template_is_the_file_it_came_from),
             HARNESS_CASE(no_script_can_start_a_command),
             HARNESS_CASE(the_style_sheet_cannot_end_its_element_or_fetch_anything))
