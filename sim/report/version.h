/* The version of the program: `muster version`, and every document that a run writes. */
#ifndef MUSTER_REPORT_VERSION_H
#define MUSTER_REPORT_VERSION_H

#define MUSTER_VERSION "0.1.0"

#endif
