#include "report/documented.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static char *read_page(void) {
    FILE *f = fopen("docs/results.md", "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    char *page = calloc(1, 1 << 16);
    size_t size = fread(page, 1, (1 << 16) - 1, f);
    CU_ASSERT_TRUE(size > 0 && size < (1 << 16) - 1);
    fclose(f);
    return page;
}

bool documented(const char *name) {
    char *page = read_page();
    size_t length = strlen(name);
    bool found = false;
    for (const char *at = page; !found && (at = strstr(at, name)) != NULL; at++)
        found = at > page && (at[-1] == '`' || at[-1] == '.') && (at[length] == '`' || at[length] == '.');
    free(page);
    if (!found)
        printf("     docs/results.md does not name %s\n", name);
    return found;
}
