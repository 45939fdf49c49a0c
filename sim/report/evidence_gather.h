/* Evidence of the shards of a run beside their sum: their names do not meet, since a device is of one shard, and others.pcapng has the
 * shard's number. */
#ifndef MUSTER_REPORT_EVIDENCE_GATHER_H
#define MUSTER_REPORT_EVIDENCE_GATHER_H

/* Brings the files of `run_directory`/evidence, if there are any, to evidence/ below the directory `to`, as links where the file system lets
 * them be, else as copies. Files that are there already stay. ERR_IO: not all of them; errno tells. */
int evidence_gather(const char *run_directory, int to);

#endif
