/* The daemons: a thread for each camera, and one for the switcher.
 *
 * A daemon holds its lock while it writes one slot. The main thread takes all locks to change
 * anything below, so writers stand still between two slots meanwhile.
 */
#ifndef DAEMONS_H
#define DAEMONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoder.h"
#include "log.h"
#include "options.h"
#include "ring.h"

struct camera {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* wakes it before its next picture is due */
    struct ring *ring;
    struct encoder *encoder; /* whose pictures it writes */
    struct picture_log *log;
    alignas(64) uint8_t frame[LARGEST_SLOT_BYTES]; /* a slot as its ring has it; what a shorter
                                                      picture leaves of longer ones stays in it */
    double fps;
    bool is_held, is_due; /* due: the next picture is taken at once */
    bool reports_done; /* when --count pictures are written */
    int64_t stalled_until_ns;
    uint64_t ticks, pictures;
};

struct switcher {
    pthread_mutex_t lock;
    atomic_bool is_wanted; /* the lock: its loop would else take it again before others can */
    struct camera *cameras; /* the sources, DAY and NIGHT */
    struct ring *ring;
    struct relay_log *log;
    int active_camera;
    int64_t frozen_until_ns;
};

extern atomic_bool is_stopping;

void *run_camera(void *camera);
void *run_switcher(void *switcher);

/* From the next picture on, which is due at once if it was due later. The lock is held. */
void camera_set_fps(struct camera *camera, double fps);

/* Captures a picture `encode-delay-ms` ago and writes it now. The lock is held. */
void camera_write(struct camera *camera);

#endif
