/* What this machine has: the facts that plans are held against (scenario/requirement.h).
 *
 * A plain struct, so that tests can make up any machine. 0, "" and false stand for what the system does not tell. */
#ifndef MUSTER_SCENARIO_MACHINE_H
#define MUSTER_SCENARIO_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_answer { MACHINE_UNKNOWN, MACHINE_YES, MACHINE_NO };

struct machine {
    char name[128], kernel[192], architecture[80], cpu[128];
    char clock_source[64];
    enum machine_answer clock_synchronised; /* the wall clock, by NTP or the like */

    unsigned cores;   /* that this process may run on */
    double cpu_quota; /* cores' worth of time that the control group grants; 0: as many as there are */
    uint64_t memory_bytes, memory_available_bytes;
    uint64_t memory_limit_bytes; /* of the control group; 0: none */

    uint64_t nofile_soft, nofile_hard;  /* per descriptor table */
    uint64_t nr_open;                   /* highest hard limit that may be set: fs.nr_open */
    uint64_t files_max, files_used;     /* of the system: fs.file-max */
    enum machine_answer private_tables; /* a worker may have a descriptor table of its own */
    unsigned port_first, port_last;     /* net.ipv4.ip_local_port_range */
    bool conntrack;                     /* the kernel follows connections */
    uint64_t conntrack_max, conntrack_used;
    uint64_t tcp_memory_bytes, udp_memory_bytes; /* for the buffers of all sockets: the last of tcp_mem, udp_mem */
    uint64_t somaxconn;

    enum machine_answer drop_filter; /* a socket may be made silent: drop-all filter on a TCP connection */
    enum machine_answer gnuplot;
    bool disk;                /* the system tells how much is free: */
    uint64_t disk_free_bytes; /* for this user, where runs are written; 0: it is full */
};

/* Asks the system. Changes nothing. */
void machine_read(struct machine *m);
/* Tries what can only be tried: private_tables, drop_filter, gnuplot, and the disk of `directory`. Uses a connection of the loopback to itself. On a
 * process with one thread. */
void machine_probe(struct machine *m, const char *directory);
/* The part of machine_read that comes from files; `root` is put before their names ("" for this system). */
void machine_read_files(struct machine *m, const char *root);

/* Memory that the process may use: the machine's, or what its control group grants. */
uint64_t machine_memory(const struct machine *m);
/* Cores' worth of time that the process may use. */
double machine_cores(const struct machine *m);
/* Ports of one source address towards one destination. */
uint32_t machine_ports(const struct machine *m);

#endif
