/* What the tool says about itself on stderr. Nothing here is part of a contract; results go to files and stdout. */
#ifndef MUSTER_BASE_LOG_H
#define MUSTER_BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO };

/* Thread-safe (one write per line). Foreign bytes must have gone through text_append_safe. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How many lines were written so far: whoever draws on the same terminal learns that something else stands there now. */
uint64_t log_count(void);

#endif
