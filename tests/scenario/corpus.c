#include "corpus.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static int is_scenario(const struct dirent *e) {
    size_t size = strlen(e->d_name);
    return size > 5 && strcmp(e->d_name + size - 5, ".yaml") == 0;
}

/* "E201 parts/a.yaml 4:7 suggest: keepalive stage: 4" */
static void read_expect(const char *text, struct corpus_expect *e) {
    const char *suggest = strstr(text, "suggest: "), *stage = strstr(text, " stage: ");
    char second[64], third[64];
    *e = (struct corpus_expect){.stage = 3};
    int words = sscanf(text, "%7s %63s %63s", e->code, second, third);
    if (words == 3 && sscanf(second, "%d:%d", &e->line, &e->column) != 2) {
        snprintf(e->file, sizeof e->file, "%s", second);
        sscanf(third, "%d:%d", &e->line, &e->column);
    }
    if (stage != NULL)
        e->stage = atoi(stage + 8);
    if (suggest != NULL) {
        size_t size = stage != NULL ? (size_t)(stage - suggest) - 9 : strcspn(suggest + 9, "\n");
        snprintf(e->suggest, sizeof e->suggest, "%.*s", (int)size, suggest + 9);
    }
}

static void read_expects(struct corpus_file *f) {
    char path[300], line[512];
    snprintf(path, sizeof path, "%s.expect", f->path);
    FILE *in = fopen(path, "r");
    if (in == NULL)
        in = fopen(f->path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL && line[0] == '#' && f->count < CORPUS_EXPECTS_MAX) {
        if (text_has_prefix(line, "# more"))
            f->more = true;
        if (!text_has_prefix(line, "# expect: "))
            continue;
        read_expect(line + strlen("# expect: "), &f->expects[f->count]);
        if (f->expects[f->count].stage > f->stage)
            f->stage = f->expects[f->count].stage;
        f->count++;
    }
    if (in != NULL)
        fclose(in);
}

size_t corpus_read(struct corpus_file *files) {
    struct dirent **names;
    size_t count = 0;
    int found = scandir(CORPUS_DIRECTORY, &names, is_scenario, alphasort);
    for (int i = 0; i < found; i++) {
        if (count < CORPUS_FILES_MAX) {
            struct corpus_file *f = &files[count++];
            *f = (struct corpus_file){.stage = 0};
            snprintf(f->path, sizeof f->path, CORPUS_DIRECTORY "/%.200s", names[i]->d_name);
            read_expects(f);
        }
        free(names[i]);
    }
    if (found >= 0)
        free(names);
    return count;
}

static bool is_code(const char *pattern, const char *code) {
    for (; *pattern != '\0' && *code != '\0'; pattern++, code++)
        if (*pattern != '.' && *pattern != *code)
            return false;
    return *pattern == *code;
}

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return text != NULL && size >= end_size && strcmp(text + size - end_size, end) == 0;
}

const struct diagnostic *corpus_find(const struct corpus_expect *e, const struct diagnostic_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic *d = &list->items[i];
        bool here = (e->line == 0 && e->column == 0) || (d->mark.line == e->line && d->mark.column == e->column);
        if (here && is_code(e->code, d->code) && (e->file[0] == '\0' || ends_with(d->mark.file, e->file)))
            return d;
    }
    return NULL;
}

bool corpus_suggests(const struct corpus_expect *e, const struct diagnostic *d) {
    const char *places[] = {d->suggestion, d->help, d->message};
    for (int i = 0; i < 3; i++)
        if (places[i] != NULL && strstr(places[i], e->suggest) != NULL)
            return e->suggest[0] != '\0';
    return false;
}
