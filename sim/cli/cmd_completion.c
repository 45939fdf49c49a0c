#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/completion.h"
#include "fleet/run.h"

int cmd_completion(const struct options *o) {
    const char *name = o->operands[0];
    for (const struct completion_shell *s = completion_shells; s->name != NULL; s++)
        if (strcmp(s->name, name) == 0) {
            struct text out = {0};
            s->write(&out);
            fputs(text_get(&out), stdout);
            text_free(&out);
            return EXIT_PASS;
        }
    return complain(EXIT_USAGE, "muster completion bash",
                    "there is no completion for '%s'; there are bash, zsh and fish", name);
}
