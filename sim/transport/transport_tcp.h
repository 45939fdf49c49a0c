/* The row of transport_table for plain TCP, over IPv4 and IPv6. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_TCP_H
#define MUSTER_TRANSPORT_TRANSPORT_TCP_H

#include "transport/transport.h"

extern const struct transport_ops transport_tcp;

#endif
