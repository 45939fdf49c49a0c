/* Did-you-mean: Damerau–Levenshtein (optimal string alignment). */
#ifndef MUSTER_BASE_SUGGEST_H
#define MUSTER_BASE_SUGGEST_H

#include <stddef.h>

/* Distance, or cap + 1 when it is larger than `cap`. Case counts as half an edit is NOT modelled: compare folded text if wanted. */
int suggest_distance(const char *a, const char *b, int cap);
/* The nearest of `names` within 2 edits (1 when `word` has fewer than 5 letters), NULL when none is. Among equals
 * one of which `word` only left letters out ("sed": seed rather than set), else the first. */
const char *suggest_nearest(const char *word, const char *const *names, size_t count);

#endif
