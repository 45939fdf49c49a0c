#include "transport/transport.h"

#include "transport/transport_memory.h"
#include "transport/transport_tcp.h"
#include "transport/transport_tls.h"

const struct transport_ops *const transport_table[TRANSPORT_KINDS] = {
    [TRANSPORT_TCP] = &transport_tcp,
    [TRANSPORT_MEMORY] = &transport_memory,
    [TRANSPORT_TLS] = &transport_tls,
};
