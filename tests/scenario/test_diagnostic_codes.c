#include "harness.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/diagnostic.h"

static void codes_are_ordered_and_say_what_they_mean(void) {
    for (const struct diagnostic_code *c = diagnostic_codes, *before = NULL; c->code != NULL; before = c, c++) {
        CU_ASSERT_EQUAL(strlen(c->code), 4);
        CU_ASSERT(c->code[0] == 'E' || c->code[0] == 'W');
        CU_ASSERT(c->code[1] >= '1' && c->code[1] <= '5');
        CU_ASSERT(c->title[0] != '\0' && c->doc[0] != '\0' && c->doc[strlen(c->doc) - 1] == '.');
        if (before != NULL && before->code[0] == c->code[0])
            CU_ASSERT(strcmp(before->code, c->code) < 0);
    }
}

static bool is_explained(const char *code) {
    for (const struct diagnostic_code *c = diagnostic_codes; c->code != NULL; c++)
        if (strncmp(c->code, code, 4) == 0)
            return true;
    return false;
}

/* "E201" in quotes, as the sources write codes. */
static int check_line(const char *path, const char *line) {
    int codes = 0;
    for (const char *q = strchr(line, '"'); q != NULL; q = strchr(q + 1, '"')) {
        bool code = (q[1] == 'E' || q[1] == 'W') && isdigit((unsigned char)q[2]) && isdigit((unsigned char)q[3]) &&
                    isdigit((unsigned char)q[4]) && q[5] == '"';
        codes += code;
        CU_ASSERT(!code || is_explained(q + 1));
        if (code && !is_explained(q + 1))
            printf("%s: %.4s has no row\n", path, q + 1);
    }
    return codes;
}

static void every_code_that_a_source_gives_is_explained(void) {
    int codes = 0;
    DIR *directory = opendir("sim/scenario");
    struct dirent *e;
    while (directory != NULL && (e = readdir(directory)) != NULL) {
        char line[1024];
        char *path = text_format("sim/scenario/%s", e->d_name);
        FILE *in = strstr(e->d_name, ".c") == NULL ? NULL : fopen(path, "r");
        while (in != NULL && fgets(line, sizeof line, in) != NULL)
            codes += check_line(path, line);
        if (in != NULL)
            fclose(in);
        free(path);
    }
    if (directory != NULL)
        closedir(directory);
    CU_ASSERT(codes > 100);
}

HARNESS_MAIN("scenario/diagnostic_codes", HARNESS_CASE(codes_are_ordered_and_say_what_they_mean),
             HARNESS_CASE(every_code_that_a_source_gives_is_explained))
