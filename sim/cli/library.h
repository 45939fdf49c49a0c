/* The networks and device profiles of the library (profiles/), for `muster explain`. */
#ifndef MUSTER_CLI_LIBRARY_H
#define MUSTER_CLI_LIBRARY_H

#include "scenario/explain.h"

enum { LIBRARY_MAX = 256 };

struct library {
    struct explain_topic topics[LIBRARY_MAX + 1]; /* ends with name NULL */
    unsigned count;
};

/* Reads every profiles/KIND/FILE.yaml below a data directory and adds its entries; of entries of one kind with the same name the first stays. What cannot be
 * read is left out. A topic's text is the entry as it stands in its file, comments included, since these say where the
 * numbers come from. `l` begins zeroed. Free with library_free. */
void library_read(struct library *l, const char *data_dir);
void library_free(struct library *l);

#endif
