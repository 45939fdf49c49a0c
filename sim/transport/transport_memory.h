/* The row of transport_table for streams in memory (transport/memory_net.h): connection.state is the net that it goes through. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_MEMORY_H
#define MUSTER_TRANSPORT_TRANSPORT_MEMORY_H

#include "transport/transport.h"

extern const struct transport_ops transport_memory;

#endif
