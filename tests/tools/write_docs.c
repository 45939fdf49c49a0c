/* Writes the documents that come from tables: docs/command-line.md and docs/scenario-reference.md. `make docs` runs it. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/help.h"
#include "scenario/explain.h"

static void write_file(const char *path, struct text *t) {
    FILE *f = fopen(path, "we");
    if (f == NULL || fputs(text_get(t), f) == EOF || fclose(f) == EOF) {
        perror(path);
        exit(1);
    }
    text_free(t);
    printf("wrote %s\n", path);
}

int main(void) {
    struct text out = {0};
    help_document(&out);
    write_file("docs/command-line.md", &out);
    explain_reference(NULL, 0, &out);
    write_file("docs/scenario-reference.md", &out);
    return 0;
}
