/* A directory of its own for tests that need files. */
#ifndef MUSTER_TESTS_SCRATCH_H
#define MUSTER_TESTS_SCRATCH_H

/* Makes a directory for temporary files and returns its path; scratch_remove frees it and removes what it names. */
char *scratch_new(void);
/* Writes a file, and the directories on the way to it; returns its path, which the caller frees. */
char *scratch_write(const char *directory, const char *name, const char *text);
void scratch_remove(char *directory);

#endif
