/* The release this source is. */
#ifndef MUSTER_BASE_VERSION_H
#define MUSTER_BASE_VERSION_H

#define VERSION_TEXT "0.1.0"

#endif
