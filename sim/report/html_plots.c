#include "report/html_plots.h"

#include <stddef.h>

#include "report/html_parts.h"
#include "report/plot.h"
#include "report/templates.h"

const struct html_plot html_plots_table[] = {
    {"tool", "Was the tool itself fast enough?",
     "Two line charts over time: the tool’s own delay, and its use of the processor, each with its limit.",
     "Above: the delay that Muster added between the instant an operation was ready and the instant it was sent, "
     "99.9th percentile of each interval. Below: the share of a core that the busiest worker used. Beyond the dashed "
     "limits, the numbers say more about this machine than about the backend.",
     templates_tool, 262, true, true, html_plot_data_tool},
    {"states", "Who was online, and who was not?",
     "Stacked area chart over time: devices online, connecting, in back-off, asleep, offline, dead.",
     "Devices by state, stacked. Any colour but that of online is a device that could not be reached at that moment; a "
     "broad band of back-off or connecting after an outage is the time the backend took to take everybody back.",
     templates_states, 300, true, false, html_plot_data_states},
    {"outages", "Who had no link?",
     "Stacked area chart over time: devices in an outage of their own, of their cell, of their region, of the way to "
     "the backend.",
     "Devices whose link the scenario's outages had down, by what failed, stacked; one that was in two is counted "
     "twice. It is known "
     "from the plan: what devices and backend made of it stands in the other plots.",
     templates_outages, 230, true, false, html_plot_data_outages},
    {"connects", "Did the backend cope with connects?",
     "Two line charts over time: connects per second by their end, and percentiles of the time they took.",
     "Above: connection attempts that ended, per second. The gap between attempted and accepted is what failed or was "
     "refused. Below: how long the accepted ones took, on a logarithmic scale. Percentiles that rise while attempts "
     "peak mean that the storm is paid for in waiting.",
     templates_connects, 430, true, false, html_plot_data_connects},
    {"messages", "How much was sent, and what came of it?",
     "Line chart over time: messages per second sent, acknowledged, received, failed, dropped.",
     "Messages per second. Acknowledged should lie on sent; where it falls behind, the backend is slower than the "
     "load. In long runs a point stands for many seconds, and a grey band shows the least and the most of them.",
     templates_messages, 300, true, false, html_plot_data_messages},
    {"latency", "When was it slow?",
     "Heat map over time: how many publishes took how long, with lines for median and 99th percentile.",
     "Each cell counts the acknowledged publishes of one moment (across) that took so long (up); yellow is many. The "
     "lines are median and 99th percentile. A second cloud above the first one is a group that waits; a ramp that "
     "falls to the right is a queue that drains.",
     templates_latency, 330, true, false, html_plot_latency_heat},
    {"quantiles", "How bad is the tail?", "Line chart: duration by percentile, one curve per operation and clock.",
     "Durations over the whole run without the warm-up. To the right, ever fewer operations: at 99 % one in a hundred "
     "took longer than the curve. Solid is what devices felt, from the instant they meant to act; dashed is the "
     "backend alone. Where both part, devices waited before they could send.",
     templates_quantiles, 360, false, false, html_plot_latency_quantiles},
    {"end_to_end", "How long from sender to subscriber?",
     "Line chart over time: median, 99th and 99.9th percentile of end-to-end durations.",
     "From the instant a message was meant to be sent to its arrival at a subscriber, on a logarithmic scale.",
     templates_end_to_end, 270, true, false, html_plot_data_end_to_end},
    {"batteries", "How long will the batteries last?",
     "Fan chart over time: states of charge of the devices’ batteries, median and bands of half and nine tenths of "
     "them.",
     "What batteries have left of what their devices can use. The line is the median device, half of the devices are "
     "in "
     "the blue band and nine tenths in the grey one around it. Where the lower edge runs away from the line, some "
     "devices pay "
     "for what others do not.",
     templates_batteries, 300, true, false, html_plot_energy_fan},
    {"energy", "What took the energy?", "Bar chart: the share of each cause in the energy that devices used.",
     "Energy of all devices by what it was used for. A wake-up of the radio, its bytes and its tail count for what "
     "made "
     "it transmit: keep-alives, reconnects and forgotten sessions are what the backend, or its settings, cost the "
     "devices; a table below says how much life.",
     templates_energy, 330, false, false, html_plot_energy_causes},
    {"backend", "What did it cost the backend?",
     "Two line charts over time: the processor and the memory that the backend used.",
     "Above: the processor of the backend, all its threads together; 2 is two whole cores. Below: its memory. Memory "
     "that stays up after an outage is what the backend keeps for devices that are away.",
     templates_backend, 380, true, false, html_plot_data_backend},
    {.id = NULL},
};

void html_plots(struct text *out, const struct report *r, const struct history *h) {
    struct text figures = {0};
    char why[PLOT_WHY_MAX] = "";
    for (const struct html_plot *p = html_plots_table; p->id != NULL; p++)
        if (!p->tool && why[0] == '\0')
            html_figure(&figures, p, r, h, why);
    if (figures.size > 0 || why[0] != '\0' || h->end_s <= 0) {
        text_append(out, "<section>\n<h2 id=\"plots\">Over the run</h2>\n");
        text_append(out, text_get(&figures));
        if (why[0] != '\0') {
            text_append(out, "<p class=\"missing\">Plots are missing: ");
            html_text(out, why);
            text_append(out, ". <code>muster report</code> on this directory adds them.</p>\n");
        } else if (h->end_s <= 0) {
            text_append(out, "<p class=\"missing\">There are no plots over time: the run left no series.csv.</p>\n");
        }
        text_append(out, "</section>\n");
    }
    text_free(&figures);
}
