#include "cli/capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "scratch.h"

const char capture_scenario[] = "version: 1\n"
                                "name: small\n"
                                "seed: 7\n"
                                "duration: 500ms\n"
                                "settle: 500ms\n"
                                "target: mqtt://127.0.0.1:1\n"
                                "fleets:\n"
                                "  meters:\n"
                                "    count: 10\n"
                                "    telemetry: {every: 100ms, topic: \"t/${device.id}\", payload: x, qos: 1}\n"
                                "timeline:\n"
                                "  - {do: connect, who: all, over: 100ms}\n"
                                "checks:\n"
                                "  - {expect: ratio(mqtt.connect.ok) == 100%}\n";

static char *directory;

static void remove_directory(void) {
    scratch_remove(directory);
}

const char *capture_directory(void) {
    if (directory == NULL) {
        directory = scratch_new();
        atexit(remove_directory);
    }
    return directory;
}

static char *path_of(const char *name) {
    return text_format("%s/%s", capture_directory(), name);
}

void capture_write(const char *name, const char *text) {
    free(scratch_write(capture_directory(), name, text));
}

static char *read_stream(FILE *f) {
    struct text t = {0};
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        text_append_n(&t, part, n);
    fclose(f);
    return text_take(&t);
}

char *capture_file(const char *name) {
    char *path = path_of(name);
    FILE *f = fopen(path, "re");
    free(path);
    return f == NULL ? NULL : read_stream(f);
}

/* In the child. Leaves without what atexit has collected: it is the parent's. */
_Noreturn static void become(int (*verb)(const struct options *), const char *const *words, FILE *out, FILE *err) {
    struct options options;
    struct text message = {0};
    int argc = 0, nobody = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (words[argc] != NULL)
        argc++;
    CHECK(chdir(capture_directory()) == 0 && dup2(nobody, STDIN_FILENO) >= 0);
    CHECK(dup2(fileno(out), STDOUT_FILENO) >= 0 && dup2(fileno(err), STDERR_FILENO) >= 0);
    int code = options_parse(argc, (char **)(uintptr_t)words, &options, &message);
    if (code == 0)
        code = verb(&options);
    fputs(text_get(&message), stderr);
    text_free(&message);
    fflush(NULL);
    _exit(code);
}

struct capture capture_run(int (*verb)(const struct options *), const char *const *words) {
    struct capture c = {.code = -1};
    FILE *out = tmpfile(), *err = tmpfile();
    CHECK(out != NULL && err != NULL);
    capture_directory();
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        become(verb, words, out, err);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status))
        c.code = WEXITSTATUS(status);
    rewind(out);
    rewind(err);
    c.out = read_stream(out);
    c.err = read_stream(err);
    return c;
}

void capture_free(struct capture *c) {
    free(c->out);
    free(c->err);
    c->out = c->err = NULL;
}

bool capture_says(const struct capture *c, const char *words) {
    return c->out != NULL && strstr(c->out, words) != NULL;
}

bool capture_warns(const struct capture *c, const char *words) {
    return c->err != NULL && strstr(c->err, words) != NULL;
}

enum { DEPTH_MAX = 64 };

bool capture_is_json(const char *text) {
    char open[DEPTH_MAX];
    int depth = 0;
    bool quoted = false, any = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (quoted && *at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (!quoted && (*at == '{' || *at == '[')) {
            if (depth == DEPTH_MAX)
                return false;
            open[depth++] = *at;
            any = true;
        } else if (!quoted && (*at == '}' || *at == ']')) {
            if (depth == 0 || open[--depth] != (*at == '}' ? '{' : '['))
                return false;
        }
    }
    return any && depth == 0 && !quoted;
}
