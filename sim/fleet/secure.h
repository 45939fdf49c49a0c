/* What the connections of a fleet with TLS need: a context for every target and identity that go together, made before t = 0. In simulated time
 * nothing is encrypted: a handshake is its round trips on the modelled link, and its bytes. */
#ifndef MUSTER_FLEET_SECURE_H
#define MUSTER_FLEET_SECURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/step.h"
#include "scenario/plan.h"

struct connection;
struct secure;
struct worker;

/* Of a handshake of TLS 1.2, after TCP's own. */
enum { SECURE_ROUND_TRIPS = 2, SECURE_ROUND_TRIPS_RESUMED = 1 };

/* The session that a device keeps, in the pool. */
struct kept {
    uint32_t size; /* 0: in simulated time, where it is a token for one */
    uint8_t data[];
};

/* Full handshakes take milliseconds of a processor each, so threads beside the workers compute them; what a handshake waits for them is lag. */

/* Reads the files that targets and identities name. NULL in *out when no target has TLS. On failure a sentence in `why`, and an error as of
 * transport_tls_context_new. */
int secure_open(const struct plan *plan, struct secure **out, char *why, size_t why_size);
void secure_close(struct secure *s);
/* Starts the threads and gives the worker, which has been built and not started, its desk. 0, ERR_NO_MEMORY. Does nothing without TLS. */
int secure_staff(struct secure *s, struct worker *w, unsigned threads);
/* When the workers have ended, and before they are freed: ends the threads, and with them what they still had. */
void secure_dismiss(struct secure *s, struct worker *workers, unsigned count);
/* Goes on with the handshakes that came back to the worker's desk. */
void secure_back(struct worker *w);

/* Gives the device's connection what it needs to open. 0, ERR_NO_MEMORY, or ERR_INVALID: its identity has no usable shared key. */
int secure_prepare(struct worker *w, uint32_t number);
/* Does this attempt of the device, which begins, go on with the session that is kept? By the profile's probability. */
bool secure_resumes(struct worker *w, uint32_t number);
/* What the round trips of the handshake take on the device's modelled link; 0 without TLS or link. They are waited for before TCP opens. */
span secure_delay(struct worker *w, uint32_t number, bool resumes);
/* The device lost its memory, or the run is over: the session that is kept goes. */
void secure_forget(struct worker *w, uint32_t number);
/* The transport of an attempt has gone on, and waits. `before`: when that began; the handshake counts from there. */
void secure_progress(struct worker *w, uint32_t number, instant before);
/* The handshake of an attempt has ended, inside a step: tells the device. Does nothing for attempts that had none. */
void secure_end(struct worker *w, uint32_t number, enum close_reason why);

#endif
