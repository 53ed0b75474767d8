/* One segment and the daemons' way of writing into it. */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

struct ring {
    const char *url; /* "/name" or "sysv:0xKEY" */
    int descriptor;  /* POSIX, else -1 */
    int shmid;       /* System V, else -1 */
    struct stream_ring *memory;
    uint32_t generation; /* how often the writer began anew */
    bool is_truncated;   /* writing into it would raise SIGBUS */
};

/* In which order the bytes of a slot become visible is the C library's choice. */
enum copy_order { COPY_MEMCPY, COPY_FORWARD, COPY_BACKWARD };

struct copying {
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
void ring_create(struct ring *ring, const char *url, uint32_t write_index);
/* Takes the name away; readers keep what they have attached. */
void ring_unlink(struct ring *ring);
/* A daemon that restarts in the segment of the one before. */
void ring_restart_in_place(struct ring *ring);
/* Shortens the segment under its readers; false for System V, which can't be shortened. */
bool ring_truncate(struct ring *ring, int64_t bytes);
/* Whether there is a segment, and all of it. */
bool ring_is_writable(const struct ring *ring);
/* Writes one slot, as carelessly as the daemons do; returns the number of the write. */
uint32_t ring_write(struct ring *ring, const struct slot *frame, const struct copying *copying,
                    struct write_times *times);

int64_t monotonic_ns(void);
void sleep_until(int64_t monotonic_deadline_ns);
_Noreturn void fail(const char *what);

#endif
