/* What stands beside the packets of an evidence file, for people in Wireshark: one fact per line, "name: text". */
#ifndef MUSTER_REPORT_EVIDENCE_COMMENT_H
#define MUSTER_REPORT_EVIDENCE_COMMENT_H

#include "base/text.h"
#include "fleet/evidence_record.h"
#include "scenario/plan.h"

/* Of a packet: whose it is and when it passed; of the one that trouble belongs to also what was expected, what was seen and what that is. */
void evidence_comment_packet(struct text *out, const struct plan *plan, const struct evidence_record *r);
/* Of a file: run, seed, scenario. `of`: whose packets they are. */
void evidence_comment_file(struct text *out, const struct plan *plan, const char *of);

#endif
