/* Writes the manual page to stdout. `make man` runs it. */
#include <stdio.h>

#include "cli/man.h"

int main(void) {
    struct text out = {0};
    man_write(&out);
    int failed = fputs(text_get(&out), stdout) == EOF || fflush(stdout) == EOF;
    text_free(&out);
    return failed;
}
