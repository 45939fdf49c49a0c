#include "report/doctor.h"

#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "base/version.h"
#include "report/layout.h"

enum { TITLE_COLUMNS = 14, TEXT_COLUMN = 3 + TITLE_COLUMNS + 2 };

/* The order of the enum: met, unknown, tight, short. */
static const struct { const char *mark, *color; } marks[] = {{"✓", "32"}, {"?", "33"}, {"!", "33"}, {"✗", "31"}};

static void toned(struct text *out, bool color, const char *code, const char *s) {
    if (color)
        text_printf(out, "\033[1;%sm%s\033[0m", code, s);
    else
        text_append(out, s);
}

static void write_head(struct text *out, const struct doctor *d, bool color) {
    enum requirement_verdict worst = requirement_worst(d->list, d->count);
    bool enough = worst != REQUIREMENT_SHORT;
    char right[160];
    snprintf(right, sizeof right, "%.3g cores, %.1f GiB, %.40s", machine_cores(d->machine),
             (double)machine_memory(d->machine) / (1 << 30), d->machine->kernel);
    text_append(out, " ");
    const char *word = enough ? "ENOUGH" : "NOT ENOUGH";
    toned(out, color, enough ? "32" : "31", word);
    text_append(out, "  ");
    size_t taken = 1 + strlen(word) + 2 + 1 + layout_width(right);
    layout_cell(out, d->plan == NULL ? "this machine" : d->plan->name,
                taken < LAYOUT_COLUMNS ? LAYOUT_COLUMNS - taken : 1);
    text_printf(out, " %s\n", right);
}

static void write_row(struct text *out, const struct requirement *r, bool color) {
    struct text line = {0};
    text_append(out, " ");
    toned(out, color, marks[r->verdict].color, marks[r->verdict].mark);
    text_append(out, " ");
    layout_cell(out, r->row->title, TITLE_COLUMNS + 2);
    if (r->need[0] != '\0')
        text_printf(&line, "need %s; have ", r->need);
    text_append(&line, r->have[0] != '\0' ? r->have : "none");
    layout_wrap(out, text_get(&line), TEXT_COLUMN, TEXT_COLUMN, "");
    text_free(&line);
    if (r->verdict == REQUIREMENT_MET)
        return;
    text_printf(out, "%*s", TEXT_COLUMN, "");
    layout_wrap(out, r->why, TEXT_COLUMN, TEXT_COLUMN, "");
    text_printf(out, "%*s→ ", TEXT_COLUMN, "");
    text_append_safe(out, r->fix, strlen(r->fix), sizeof r->fix); /* never broken: it is there to be copied */
    text_append(out, "\n");
}

void doctor_text(struct text *out, const struct doctor *d, bool color) {
    write_head(out, d, color);
    for (int verdict = REQUIREMENT_SHORT; verdict >= REQUIREMENT_MET; verdict--)
        for (unsigned i = 0; i < d->count; i++)
            if ((int)d->list[i].verdict == verdict)
                write_row(out, &d->list[i], color);
}

static void write_machine(struct json_write *w, const struct machine *m) {
    json_write_key(w, "machine");
    json_write_open_object(w);
    json_write_member_string(w, "name", m->name);
    json_write_member_string(w, "kernel", m->kernel);
    json_write_member_string(w, "cpu", m->cpu);
    json_write_member_double(w, "cores", machine_cores(m));
    json_write_member_uint(w, "memory_bytes", machine_memory(m));
    json_write_close_object(w);
}

void doctor_json(struct text *out, const struct doctor *d) {
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    json_write_open_object(w);
    json_write_member_int(w, "schema", 1);
    json_write_member_string(w, "version", VERSION_TEXT);
    json_write_member_string(w, "scenario", d->plan == NULL ? NULL : d->plan->name);
    json_write_member_bool(w, "enough", requirement_worst(d->list, d->count) != REQUIREMENT_SHORT);
    write_machine(w, d->machine);
    json_write_key(w, "requirements");
    json_write_open_array(w);
    for (unsigned i = 0; i < d->count; i++) {
        const struct requirement *r = &d->list[i];
        json_write_open_object(w);
        json_write_member_string(w, "id", r->row->id);
        json_write_member_string(w, "title", r->row->title);
        json_write_member_string(w, "verdict", requirement_verdict_names[r->verdict]);
        json_write_member_string(w, "need", r->need[0] == '\0' ? NULL : r->need);
        json_write_member_string(w, "have", r->have);
        json_write_member_string(w, "why", r->why[0] == '\0' ? NULL : r->why);
        json_write_member_string(w, "fix", r->fix[0] == '\0' ? NULL : r->fix);
        json_write_close_object(w);
    }
    json_write_close_array(w);
    json_write_close_object(w);
    text_append(out, "\n");
}
