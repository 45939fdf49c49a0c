/* Always-on assertion for promises between our own functions. A failed CHECK prints expression, file and line
 * and aborts: going on would report numbers that nobody can trust. Never use it on bytes from outside. */
#ifndef MUSTER_BASE_CHECK_H
#define MUSTER_BASE_CHECK_H

_Noreturn void check_failed(const char *expression, const char *file, int line);

#define CHECK(expression) ((expression) ? (void)0 : check_failed(#expression, __FILE__, __LINE__))

/* Number of elements of an array (not of a pointer). */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
