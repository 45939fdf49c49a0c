/* Files of reports/ as the program carries them: it works from any directory. NUL-terminated. */
#ifndef MUSTER_REPORT_TEMPLATES_H
#define MUSTER_REPORT_TEMPLATES_H

extern const char templates_css[];    /* report.css */
extern const char templates_common[]; /* common.gp: before every other script */
extern const char templates_quantiles[];
extern const char templates_latency[];
extern const char templates_states[];
extern const char templates_connects[];
extern const char templates_messages[];
extern const char templates_end_to_end[];
extern const char templates_tool[];
extern const char templates_backend[];
extern const char templates_outages[];
extern const char templates_batteries[];
extern const char templates_energy[];

#endif
