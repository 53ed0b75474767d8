/* One segment and the daemons' way of writing into it. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

struct ring {
    const char *url; /* "/name" or "sysv:0xKEY" */
    const struct layout *layout;
    int descriptor;  /* POSIX, else -1 */
    int shmid;       /* System V, else -1 */
    uint8_t *memory;
    uint32_t generation; /* how often the writer began anew */
    bool is_truncated;   /* writing into it would raise SIGBUS */
};

/* In which order the bytes of a slot become visible is the C library's choice. */
enum copy_order { COPY_MEMCPY, COPY_FORWARD, COPY_BACKWARD };

struct copying {
    bool index_last;   /* the index is raised when all is copied; else before */
    bool header_last;  /* the data is copied in front of the header */
    bool picture_only; /* data_size bytes are copied: what stands behind them is older */
    enum copy_order order;
    size_t chunk_bytes;  /* of COPY_FORWARD and COPY_BACKWARD */
    size_t pause_offset; /* the writer loses the CPU in front of this byte of the slot ... */
    int64_t pause_ns;    /* ... for so long; 0: it does not */
};

struct write_times {
    int64_t index_ns; /* CLOCK_MONOTONIC just before the index was raised */
    int64_t end_ns;   /* just after the last byte was copied */
};

/* Makes the segment, in place of one of the same name. Ends the program when it can't. */
void ring_create(struct ring *ring, const char *url, const struct layout *layout,
                 uint32_t write_index);
/* Takes the name away; readers keep what they have attached. */
void ring_unlink(struct ring *ring);
/* A daemon that restarts in the segment of the one before. */
void ring_restart_in_place(struct ring *ring);
/* A newer daemon that does the same, with its own size; false for System V. */
bool ring_update_in_place(struct ring *ring, const struct layout *layout);
/* Shortens the segment under its readers; false for System V, which can't be shortened. */
bool ring_truncate(struct ring *ring, int64_t bytes);
/* Whether there is a segment, and all of it. */
bool ring_is_writable(const struct ring *ring);
/* Writes one slot, as carelessly as the daemons do; returns the number of the write. `frame` is
 * the whole slot, header and data where the layout has them. */
uint32_t ring_write(struct ring *ring, const uint8_t *frame, const struct copying *copying,
                    struct write_times *times);

_Atomic uint32_t *ring_index(const struct ring *ring);
uint8_t *ring_slot(const struct ring *ring, uint32_t write);

int64_t monotonic_ns(void);
void sleep_until(int64_t monotonic_deadline_ns);
_Noreturn void fail(const char *what);

#endif
