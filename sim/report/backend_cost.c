#include "report/backend_cost.h"

#include <math.h>

#include "base/units.h"
#include "report/figures.h"

struct backend_cost backend_cost_of(const struct run_facts *f) {
    const struct run_backend *b = &f->backend;
    struct backend_cost cost = {NAN, NAN};
    uint64_t sent = f->result == NULL ? 0 : figures_tally(f->result, f->plan, TALLY_SENT, true, NULL);
    if (b->has_cpu && sent > 0)
        cost.cpu_us_per_message = b->cpu_s * 1e6 / (double)sent;
    if (b->has_rss && b->online_peak > 0) {
        double gained = (double)b->rss_online_bytes - (double)b->rss_first_bytes;
        cost.bytes_per_device = gained > 0 ? gained / (double)b->online_peak : 0;
    }
    return cost;
}

void backend_cost_sentence(const struct run_facts *f, struct text *out) {
    const struct run_backend *b = &f->backend;
    struct backend_cost cost = backend_cost_of(f);
    char size[32];
    if (b->has_cpu)
        text_printf(out, "CPU %.1fs, at most %.0f%% of a core", b->cpu_s, 100 * b->cpu_share_max);
    if (!isnan(cost.cpu_us_per_message))
        text_printf(out, ", %.0f us a message", cost.cpu_us_per_message);
    if (b->has_rss)
        text_printf(out, "%smemory at most %s", b->has_cpu ? "; " : "",
                    units_format(UNITS_BYTES, (double)b->rss_peak_bytes, size, sizeof size));
    if (!isnan(cost.bytes_per_device))
        text_printf(out, ", %.0f B a device", cost.bytes_per_device);
    if (b->gone)
        text_printf(out, "%sits process ended during the run", out->size > 0 ? "; " : "");
}

static void put_if(struct json_write *w, const char *key, bool known, uint64_t value) {
    json_write_key(w, key);
    if (known)
        json_write_uint(w, value);
    else
        json_write_null(w);
}

void backend_cost_write(struct json_write *w, const struct run_facts *f) {
    const struct run_backend *b = &f->backend;
    if (!b->on) {
        json_write_null(w);
        return;
    }
    struct backend_cost cost = backend_cost_of(f);
    json_write_open_object(w);
    json_write_member_double(w, "cpu_s", b->has_cpu ? b->cpu_s : NAN);
    json_write_member_double(w, "cpu_share_max", b->has_cpu ? b->cpu_share_max : NAN);
    json_write_member_double(w, "cpu_us_per_message", cost.cpu_us_per_message);
    put_if(w, "rss_first_bytes", b->has_rss, b->rss_first_bytes);
    put_if(w, "rss_peak_bytes", b->has_rss, b->rss_peak_bytes);
    json_write_member_double(w, "bytes_per_device", cost.bytes_per_device);
    put_if(w, "threads_peak", b->threads_peak > 0, b->threads_peak);
    put_if(w, "descriptors_peak", b->descriptors_peak > 0, b->descriptors_peak);
    json_write_member_bool(w, "ended_early", b->gone);
    json_write_key(w, "counters");
    json_write_open_object(w);
    for (unsigned i = 0; i < b->counter_count; i++) {
        json_write_key(w, b->counters[i].name);
        json_write_open_object(w);
        json_write_member_double(w, "first", b->counters[i].first);
        json_write_member_double(w, "last", b->counters[i].last);
        json_write_close_object(w);
    }
    json_write_close_object(w);
    json_write_close_object(w);
}
