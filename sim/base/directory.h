/* Directories for files that nobody keeps. */
#ifndef MUSTER_BASE_DIRECTORY_H
#define MUSTER_BASE_DIRECTORY_H

/* Makes an empty directory, for its owner alone, below $TMPDIR (/tmp when that is no absolute path), called
 * muster-<purpose>-<process>-<number>. The caller frees the path and ends it with directory_remove. NULL, with errno
 * set: there is no such place, or it takes nothing. */
char *directory_temporary(const char *purpose);

/* Removes a directory and all that is in it; links are removed, never followed. What cannot be removed stays. */
void directory_remove(const char *path);

#endif
