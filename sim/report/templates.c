#include "report/templates.h"

/* The assembler takes the bytes in as they are; the Makefile knows that this file depends on them. */
#define EMBED(name, file)                                                                                              \
    __asm__(".pushsection .rodata\n"                                                                                   \
            ".global templates_" #name "\n"                                                                            \
            ".type templates_" #name ", %object\n"                                                                     \
            "templates_" #name ":\n"                                                                                   \
            ".incbin \"reports/" file "\"\n"                                                                           \
            ".byte 0\n"                                                                                                \
            ".size templates_" #name ", . - templates_" #name "\n"                                                     \
            ".popsection\n")

EMBED(css, "report.css");
EMBED(common, "common.gp");
EMBED(quantiles, "quantiles.gp");
EMBED(latency, "latency.gp");
EMBED(states, "states.gp");
EMBED(connects, "connects.gp");
EMBED(messages, "messages.gp");
EMBED(end_to_end, "end_to_end.gp");
EMBED(tool, "tool.gp");
EMBED(backend, "backend.gp");
EMBED(outages, "outages.gp");
EMBED(batteries, "batteries.gp");
EMBED(energy, "energy.gp");
