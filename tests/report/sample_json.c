#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/sample.h"

enum { DEPTH_MAX = 16 };

static const char *blank(const char *at) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

/* Past a string that begins at `at`; NULL when it is none. */
static const char *after_string(const char *at) {
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL; /* also the end of the text */
        if (*at == '\\' && *++at == '\0')
            return NULL;
    }
    return at + 1;
}

static const char *after_scalar(const char *at) {
    static const char *const words[] = {"true", "false", "null"};
    if (*at == '"')
        return after_string(at);
    for (size_t i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    char *end;
    strtod(at, &end);
    return end == at ? NULL : end;
}

/* Past the value at `at`, NULL when it is not well-formed. Nesting is kept in an array: '{' or '['. */
static const char *after_value(const char *at) {
    char open[DEPTH_MAX];
    int depth = 0;
    for (bool value = true; value || depth > 0;) {
        at = blank(at);
        if (value && (*at == '{' || *at == '[')) {
            if (depth == DEPTH_MAX)
                return NULL;
            open[depth++] = *at++;
            at = blank(at);
            if (*at == '}' || *at == ']') {
                value = false;
                continue;
            }
        } else if (value) {
            at = after_scalar(at);
            if (at == NULL)
                return NULL;
            value = false;
            continue;
        } else if (*at == ',') {
            at = blank(at + 1);
            value = true;
        } else {
            if (*at != (open[depth - 1] == '{' ? '}' : ']'))
                return NULL;
            depth--;
            at++;
            continue;
        }
        if (open[depth - 1] == '{') { /* a key comes next */
            at = after_string(blank(at));
            if (at == NULL || *(at = blank(at)) != ':')
                return NULL;
            at++;
        }
    }
    return at;
}

bool sample_json_valid(const char *json, size_t size) {
    const char *end = after_value(json);
    return end != NULL && blank(end) == json + size;
}

/* The next part of a path, without its escapes. */
static const char *part_of(const char *path, char *part, size_t size) {
    size_t at = 0;
    for (; *path != '\0' && *path != '.'; path++) {
        if (*path == '\\')
            path++;
        if (at + 1 < size)
            part[at++] = *path;
    }
    part[at] = '\0';
    return *path == '.' ? path + 1 : path;
}

static const char *member(const char *at, const char *key) {
    size_t length = strlen(key);
    for (at = blank(at + 1); *at == '"';) {
        bool found = strncmp(at + 1, key, length) == 0 && at[length + 1] == '"';
        at = after_string(at);
        if (at == NULL)
            return NULL;
        at = blank(blank(at) + 1); /* past the colon */
        if (found)
            return at;
        at = after_value(at);
        if (at == NULL)
            return NULL;
        at = blank(at);
        if (*at == ',')
            at = blank(at + 1);
    }
    return NULL;
}

static const char *item(const char *at, unsigned long index) {
    for (at = blank(at + 1); *at != ']'; index--) {
        if (index == 0)
            return at;
        at = after_value(at);
        if (at == NULL)
            return NULL;
        at = blank(at);
        if (*at == ',')
            at = blank(at + 1);
    }
    return NULL;
}

static const char *find(const char *json, const char *path) {
    const char *at = blank(json);
    char part[128];
    while (at != NULL && *path != '\0') {
        path = part_of(path, part, sizeof part);
        if (*at == '{')
            at = member(at, part);
        else if (*at == '[')
            at = item(at, strtoul(part, NULL, 10));
        else
            return NULL;
    }
    return at;
}

double sample_json_number(const char *json, const char *path) {
    const char *at = find(json, path);
    return at != NULL && (isdigit((unsigned char)*at) || *at == '-') ? strtod(at, NULL) : NAN;
}

bool sample_json_is_null(const char *json, const char *path) {
    const char *at = find(json, path);
    return at != NULL && strncmp(at, "null", 4) == 0;
}

bool sample_json_bool(const char *json, const char *path, bool *value) {
    const char *at = find(json, path);
    if (at == NULL || (*at != 't' && *at != 'f'))
        return false;
    *value = *at == 't';
    return true;
}

char *sample_json_string(const char *json, const char *path, char *text, size_t size) {
    const char *at = find(json, path), *end = at != NULL ? after_string(at) : NULL;
    if (end == NULL)
        return NULL;
    size_t length = (size_t)(end - at) - 2;
    if (length >= size)
        length = size - 1;
    memcpy(text, at + 1, length);
    text[length] = '\0';
    return text;
}
