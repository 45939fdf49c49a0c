#include "scenario/ceiling.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/version.h"
#include "scenario/load.h"

static const int schema = 1;
static const double number_max = 1e15; /* whole numbers up to here are exact */

const char *ceiling_path(const char *shape, char *path, size_t size) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char suffix[16] = "";
    int length = -1;
    if (shape != NULL) /* names are anybody's text, and file names are not */
        snprintf(suffix, sizeof suffix, "-%08x", hash_name(shape));
    if (cache != NULL && cache[0] == '/') /* the specification: relative paths are to be ignored */
        length = snprintf(path, size, "%s/muster/ceiling%s.json", cache, suffix);
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, size, "%s/.cache/muster/ceiling%s.json", home, suffix);
    return length > 0 && (size_t)length < size ? path : NULL;
}

int ceiling_find(const char *shape, struct ceiling *out) {
    char path[PATH_MAX];
    if (shape != NULL && ceiling_path(shape, path, sizeof path) != NULL && ceiling_read(path, out) == 0)
        return 0;
    return ceiling_path(NULL, path, sizeof path) != NULL && ceiling_read(path, out) == 0 ? 0 : ERR_NOT_FOUND;
}

static void read_text(const struct node *root, const char *key, char *out, size_t size) {
    const char *text = node_text(node_get(root, key));
    snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* 0 for what is above `most`, too: no such number was measured. */
static double read_number(const struct node *root, const char *key, double most) {
    const char *text = node_text(node_get(root, key));
    double value = text == NULL ? 0 : strtod(text, NULL);
    return value > 0 && value <= most ? value : 0;
}

static int read_tree(const struct node *root, struct ceiling *out) {
    if ((int)read_number(root, "schema", INT_MAX) != schema)
        return ERR_MALFORMED;
    *out = (struct ceiling){.messages_per_s = read_number(root, "messages_per_s", number_max),
                            .connects_per_s = read_number(root, "connects_per_s", number_max),
                            .devices = (uint64_t)read_number(root, "devices", number_max),
                            .cores = (unsigned)read_number(root, "cores", UINT_MAX),
                            .measured_unix_s = (int64_t)read_number(root, "measured_unix_s", number_max)};
    read_text(root, "shape", out->shape, sizeof out->shape);
    read_text(root, "version", out->version, sizeof out->version);
    read_text(root, "kernel", out->kernel, sizeof out->kernel);
    read_text(root, "cpu", out->cpu, sizeof out->cpu);
    return 0;
}

int ceiling_read(const char *path, struct ceiling *out) {
    if (access(path, R_OK) != 0)
        return ERR_NOT_FOUND;
    struct diagnostic_list found;
    diagnostic_init(&found);
    struct node *root = load_file(path, (struct diagnostic_mark){NULL, 0, 0, 0}, &found); /* JSON is YAML */
    int error = root == NULL ? ERR_MALFORMED : read_tree(root, out);
    node_free(root);
    diagnostic_free(&found);
    return error;
}

void ceiling_members(struct json_write *w, const struct ceiling *c) {
    json_write_member_string(w, "shape", c->shape);
    json_write_member_double(w, "messages_per_s", c->messages_per_s);
    json_write_member_double(w, "connects_per_s", c->connects_per_s);
    json_write_member_uint(w, "devices", c->devices);
    json_write_member_string(w, "version", c->version);
    json_write_member_string(w, "kernel", c->kernel);
    json_write_member_string(w, "cpu", c->cpu);
    json_write_member_uint(w, "cores", c->cores);
    json_write_member_int(w, "measured_unix_s", c->measured_unix_s);
}

void ceiling_write(const struct ceiling *c, struct text *out) {
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    json_write_open_object(w);
    json_write_member_int(w, "schema", schema);
    ceiling_members(w, c);
    json_write_close_object(w);
    text_append(out, "\n");
}

bool ceiling_fits(const struct ceiling *c, const char *kernel, const char *cpu, unsigned cores) {
    return strcmp(c->version, VERSION_TEXT) == 0 && strcmp(c->kernel, kernel) == 0 && strcmp(c->cpu, cpu) == 0 &&
           c->cores == cores;
}
