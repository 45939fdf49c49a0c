/* Signals that live in time: what a sensor shows is a function of the simulated clock and of draws, however often it is asked.
 * State is 8 bytes; it is moved on exactly from the last sample to this one, so a device that sleeps costs nothing.
 *
 *   analog     mean + spread·z(device) + amplitude · cos(2π(h − peak)/24) + AR1, in steps of lsb. AR1 is the process with that sd and
 *              e^(−dt/memory) as its correlation over dt, begun stationary. Faults: `stuck` is the share of hours in which one value stays,
 *              `spike` the chance that a sample is 10 sd off, `gap` that there is none (NaN, written as null)
 *   meter      counts events: Poisson, `per_day` on average, by the hour as a daily shape says; each adds an exponential amount of mean
 *              `size`. Shown in whole steps of lsb, rolling over at max. An exchange (Poisson, every `swap` on average) begins at 0
 *   position   one axis of a vehicle: speed is a Gauss–Markov process (root mean square `speed`, correlation e^(−dt/memory)), its
 *              integral is drawn jointly and exactly, and turns back at ±reach. In degrees around `centre` by `scale` metres per degree;
 *              a fix is N(0, fix) metres off. It stands while the device's motion says so. Two axes are two signals
 *   vibration  RMS: base · 2^((t − onset)/doubling) after a defect whose time is exponential with mean `onset`, from t = 0 on; times 1 + N(0, sd).
 *              Outside the shift (from … to, Monday to Friday) it is `idle` instead
 *   trace      what a file says, at the time since t = 0, again from its start when it ends
 *
 * Source of the forms: fleet practice; AR1 and Gauss–Markov as in Liang and Haas, "Predictive distance-based mobility management for
 * PCS networks", INFOCOM 1999. The numbers are the scenario's. */
#ifndef MUSTER_DEVICE_SIGNAL_MODEL_H
#define MUSTER_DEVICE_SIGNAL_MODEL_H

#include "device/signal.h"

/* Value of a signal whose kind is one of the above. */
double signal_model(const struct signal *s, const struct signal_sample *at, double *state);

#endif
