#include "cli/library.h"

#include <glob.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "scenario/load.h"

/* The maps of a file that hold named things, and what one of them is called. */
static const struct {
    const char *map, *one;
} maps[] = {{"networks", "network"}, {"profiles", "profile"}, {"fleets", "fleet"}, {"backends", "backend"}};

/* Lines [from, to) of a source; to 0: as far as they are indented. */
static char *lines_of(const struct diagnostic_source *s, int from, int to) {
    struct text out = {0};
    int number = 1;
    for (const char *at = s->text; *at != '\0'; number++) {
        size_t size = strcspn(at, "\n");
        if (number > from && size > 0 && *at != ' ')
            break;
        if (number >= from && (to == 0 || number < to))
            text_printf(&out, "%s%.*s", out.size > 0 ? "\n" : "", (int)size, at);
        at += size + (at[size] == '\n');
    }
    return text_take(&out);
}

static void add(struct library *l, const struct node *map, size_t i, const char *map_name, const char *one,
                const struct diagnostic_source *source, const char *file) {
    const struct node_entry *e = &map->entries[i];
    for (unsigned k = 0; k < l->count; k++)
        if (strcmp(l->topics[k].name, e->key) == 0 && strncmp(l->topics[k].kind, one, strlen(one)) == 0)
            return;
    if (l->count == LIBRARY_MAX)
        return;
    int end = i + 1 < map->count ? map->entries[i + 1].key_mark.line : 0;
    l->topics[l->count++] = (struct explain_topic){.name = text_dup(e->key),
                                                   .kind = text_format("%s, from %s", one, file),
                                                   .doc = lines_of(source, e->key_mark.line, end),
                                                   .example = text_format(strcmp(one, "fleet") == 0
                                                                              ? "%s: {mine: {extends: %s, count: 100}}"
                                                                              : "%s: {mine: {extends: %s}}",
                                                                          map_name, e->key)};
}

static void read_file(struct library *l, const char *path, const char *file) {
    struct diagnostic_list found;
    diagnostic_init(&found);
    struct node *root = load_file(path, (struct diagnostic_mark){.file = NULL}, &found);
    for (size_t m = 0; root != NULL && m < COUNT_OF(maps); m++) {
        const struct node *map = node_get(root, maps[m].map);
        for (size_t i = 0; map != NULL && map->kind == NODE_MAP && i < map->count; i++)
            add(l, map, i, maps[m].map, maps[m].one, found.sources[0], file);
    }
    node_free(root);
    diagnostic_free(&found);
}

void library_read(struct library *l, const char *data_dir) {
    char *pattern = text_format("%s/profiles/*/*.yaml", data_dir);
    glob_t files;
    if (glob(pattern, 0, NULL, &files) == 0) {
        for (size_t i = 0; i < files.gl_pathc; i++)
            read_file(l, files.gl_pathv[i], files.gl_pathv[i] + strlen(data_dir) + 1);
        globfree(&files);
    }
    free(pattern);
}

void library_free(struct library *l) {
    for (unsigned i = 0; i < l->count; i++) {
        free((void *)(uintptr_t)l->topics[i].name);
        free((void *)(uintptr_t)l->topics[i].kind);
        free((void *)(uintptr_t)l->topics[i].doc);
        free((void *)(uintptr_t)l->topics[i].example);
    }
    l->count = 0;
}
