#include "device/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

#define VARIABLE_PREFIX "MUSTER_SECRET_"

static bool is_name(struct bytes name) {
    if (name.size == 0 || name.size > SECRET_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

struct bytes secret_value(const struct secret_table *table, struct bytes name) {
    for (unsigned i = 0; table != NULL && i < table->count; i++)
        if (bytes_equal(bytes_of_text(table->rows[i].name), name))
            return bytes_of(table->rows[i].data, table->rows[i].size);
    return bytes_of(NULL, 0);
}

static int keep(struct secret *row, const void *value, size_t size, char *why, size_t why_size) {
    if (size == 0) {
        snprintf(why, why_size, "secret %s is empty", row->name);
        return ERR_INVALID;
    }
    if (size > SECRET_BYTES_MAX) {
        snprintf(why, why_size, "secret %s is longer than %d bytes", row->name, SECRET_BYTES_MAX);
        return ERR_TOO_BIG;
    }
    row->data = malloc(size);
    CHECK(row->data != NULL);
    memcpy(row->data, value, size);
    row->size = size;
    return 0;
}

static int check_file(int fd, const struct secret *row, const char *path, char *why, size_t why_size) {
    struct stat about;
    if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        snprintf(why, why_size, "secret %s: %s is not a regular file", row->name, path);
        return ERR_IO;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(why, why_size, "secret %s: others may use %s; run chmod 600 on it", row->name, path);
        return ERR_DENIED;
    }
    return 0;
}

static int read_file(int fd, struct secret *row, const char *path, char *why, size_t why_size) {
    int error = check_file(fd, row, path, why, why_size);
    if (error < 0)
        return error;
    char data[SECRET_BYTES_MAX + 3]; /* two for the line end, one to see that there is more */
    size_t size = 0;
    ssize_t got;
    while ((got = read(fd, data + size, sizeof data - size)) > 0 || (got < 0 && errno == EINTR))
        size += got > 0 ? (size_t)got : 0;
    if (got < 0) {
        snprintf(why, why_size, "secret %s: %s: %s", row->name, path, strerror(errno));
        error = ERR_IO;
    } else {
        if (size > 0 && data[size - 1] == '\n')
            size--;
        if (size > 0 && data[size - 1] == '\r')
            size--;
        error = keep(row, data, size, why, why_size);
    }
    explicit_bzero(data, sizeof data);
    return error;
}

static int load_row(struct secret *row, char *why, size_t why_size) {
    char variable[sizeof VARIABLE_PREFIX + SECRET_NAME_MAX + sizeof "_FILE"];
    snprintf(variable, sizeof variable, VARIABLE_PREFIX "%s", row->name);
    const char *value = getenv(variable);
    if (value != NULL)
        return keep(row, value, strlen(value), why, why_size);
    snprintf(variable, sizeof variable, VARIABLE_PREFIX "%s_FILE", row->name);
    const char *path = getenv(variable);
    if (path == NULL) {
        snprintf(why, why_size,
                 "secret %s is not given: set " VARIABLE_PREFIX "%s, or " VARIABLE_PREFIX
                 "%s_FILE to the path of a file with mode 0600",
                 row->name, row->name, row->name);
        return ERR_NOT_FOUND;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not stop us before fstat tells */
    if (fd < 0) {
        snprintf(why, why_size, "secret %s: %s: %s", row->name, path, strerror(errno));
        return ERR_IO;
    }
    int error = read_file(fd, row, path, why, why_size);
    close(fd);
    return error;
}

static int load_named(struct secret_table *table, struct bytes name, char *why, size_t why_size) {
    if (!is_name(name)) {
        snprintf(why, why_size, "a secret's name has 1 to %d letters, digits and underscores", SECRET_NAME_MAX);
        return ERR_INVALID;
    }
    if (secret_value(table, name).data != NULL)
        return 0;
    if (table->count == SECRETS_MAX) {
        snprintf(why, why_size, "more than %d secrets are named", SECRETS_MAX);
        return ERR_TOO_BIG;
    }
    struct secret *row = &table->rows[table->count];
    *row = (struct secret){0};
    memcpy(row->name, name.data, name.size);
    int error = load_row(row, why, why_size);
    if (error == 0)
        table->count++;
    return error;
}

int secret_table_load(struct secret_table *table, const struct template *t, char *why, size_t why_size) {
    for (unsigned i = 0; i < t->count; i++) {
        if (t->tokens[i].kind != TEMPLATE_SECRET)
            continue;
        int error = load_named(table, t->tokens[i].text, why, why_size);
        if (error < 0)
            return error;
    }
    return 0;
}

void secret_table_free(struct secret_table *table) {
    for (unsigned i = 0; i < table->count; i++) {
        explicit_bzero(table->rows[i].data, table->rows[i].size);
        free(table->rows[i].data);
    }
    *table = (struct secret_table){0};
}
