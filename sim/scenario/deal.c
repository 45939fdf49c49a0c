#include "scenario/deal.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"

struct ticket {
    uint64_t hash;
    uint32_t device;
};

static int compare(const void *a, const void *b) {
    const struct ticket *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->device < right->device ? -1 : left->device > right->device;
}

void deal_order(uint64_t seed, uint32_t stream, uint32_t *devices, size_t count) {
    struct ticket *tickets = calloc(count > 0 ? count : 1, sizeof *tickets);
    CHECK(tickets != NULL);
    for (size_t i = 0; i < count; i++)
        tickets[i] = (struct ticket){draw_u64(seed, devices[i], stream, 0), devices[i]};
    qsort(tickets, count, sizeof *tickets, compare);
    for (size_t i = 0; i < count; i++)
        devices[i] = tickets[i].device;
    free(tickets);
}

void deal_counts(const double *shares, unsigned count, uint32_t total, uint32_t *counts) {
    double sum = 0;
    uint32_t dealt = 0;
    for (unsigned i = 0; i < count; i++)
        sum += shares[i];
    for (unsigned i = 0; i < count; i++) {
        counts[i] = sum > 0 ? (uint32_t)((double)total * shares[i] / sum) : 0;
        dealt += counts[i];
    }
    while (dealt < total && sum > 0) {
        unsigned most = 0;
        double remainder = -1;
        for (unsigned i = 0; i < count; i++) {
            double left = (double)total * shares[i] / sum - counts[i];
            if (left > remainder + 1e-9) {
                remainder = left;
                most = i;
            }
        }
        counts[most]++;
        dealt++;
    }
}

void deal_choices(uint64_t seed, uint32_t stream, uint32_t first, uint32_t total, const double *shares, unsigned count,
                  uint16_t *choice) {
    if (count == 1) { /* most fleets are of one profile and one region: nothing to put in order */
        memset(choice, 0, total * sizeof *choice);
        return;
    }
    uint32_t *devices = calloc(total > 0 ? total : 1, sizeof *devices);
    uint32_t *counts = calloc(count > 0 ? count : 1, sizeof *counts);
    CHECK(devices != NULL && counts != NULL);
    for (uint32_t i = 0; i < total; i++)
        devices[i] = first + i;
    deal_order(seed, stream, devices, total);
    deal_counts(shares, count, total, counts);
    uint32_t next = 0;
    for (unsigned c = 0; c < count; c++)
        for (uint32_t i = 0; i < counts[c]; i++)
            choice[devices[next++] - first] = (uint16_t)c;
    free(devices);
    free(counts);
}
