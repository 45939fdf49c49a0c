#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 }; /* below PIPE_BUF, so that lines of several threads do not mix in a pipe either */

static const char *const prefixes[] = {
    [LOG_ERROR] = "muster: error: ",
    [LOG_WARNING] = "muster: warning: ",
    [LOG_INFO] = "muster: ",
};

static atomic_uint_fast64_t written;

uint64_t log_count(void) {
    return atomic_load(&written);
}

void log_line(enum log_level level, const char *format, ...) {
    int saved = errno;
    char line[LINE_MAX_BYTES];
    int size = snprintf(line, sizeof line, "%s", prefixes[level]);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + size, sizeof line - (size_t)size, format, args);
    va_end(args);
    if (more > 0)
        size += more;
    if (size > LINE_MAX_BYTES - 2)
        size = LINE_MAX_BYTES - 2;
    line[size++] = '\n';
    if (write(STDERR_FILENO, line, (size_t)size) < 0) {
        /* nobody listens: there is no better place to say so */
    }
    atomic_fetch_add(&written, 1);
    errno = saved;
}
