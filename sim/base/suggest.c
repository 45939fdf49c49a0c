#include "base/suggest.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* longer words only ever match themselves */

static int min3(int a, int b, int c) {
    int least = a < b ? a : b;
    return least < c ? least : c;
}

int suggest_distance(const char *a, const char *b, int cap) {
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size > WORD_MAX || b_size > WORD_MAX)
        return strcmp(a, b) == 0 ? 0 : cap + 1;
    if (abs((int)a_size - (int)b_size) > cap)
        return cap + 1;

    int rows[3][WORD_MAX + 1]; /* the last three rows of the edit matrix, in turn */
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= a_size; i++) {
        int *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_size; j++) {
            int cost = a[i - 1] != b[j - 1];
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    int distance = rows[a_size % 3][b_size];
    return distance <= cap ? distance : cap + 1;
}

/* Letters of `name` were left out, and nothing else is wrong. */
static bool is_shortened(const char *word, const char *name) {
    for (; *name != '\0'; name++)
        word += *word == *name;
    return *word == '\0';
}

const char *suggest_nearest(const char *word, const char *const *names, size_t count) {
    int limit = strlen(word) < 5 ? 1 : 2;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        int distance = suggest_distance(word, names[i], limit);
        bool better =
            nearest == NULL || distance < limit || (is_shortened(word, names[i]) && !is_shortened(word, nearest));
        if (distance <= limit && better) {
            nearest = names[i];
            limit = distance;
        }
    }
    return nearest;
}
