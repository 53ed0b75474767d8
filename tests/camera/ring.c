#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t begin, size_t end,
                       const struct copying *copying) {
    size_t chunk = copying->chunk_bytes;
    switch (copying->order) {
    case COPY_MEMCPY:
        memcpy(to + begin, from + begin, end - begin);
        break;
    case COPY_FORWARD:
        for (size_t at = begin; at < end; at += chunk)
            memcpy(to + at, from + at, at + chunk < end ? chunk : end - at);
        break;
    case COPY_BACKWARD:
        for (size_t at = end; at > begin;) {
            size_t step = at - begin < chunk ? at - begin : chunk;
            at -= step;
            memcpy(to + at, from + at, step);
        }
        break;
    }
}

/* Copies one part of a slot, with the pause where it is within. */
static void copy_part(uint8_t *to, const uint8_t *from, size_t begin, size_t end,
                      const struct copying *copying) {
    size_t middle = copying->pause_offset;
    if (copying->pause_ns == 0 || middle < begin || middle >= end) {
        copy_bytes(to, from, begin, end, copying);
        return;
    }
    bool from_the_end = copying->order == COPY_BACKWARD;
    copy_bytes(to, from, from_the_end ? middle : begin, from_the_end ? end : middle, copying);
    sleep_until(monotonic_ns() + copying->pause_ns);
    copy_bytes(to, from, from_the_end ? begin : middle, from_the_end ? middle : end, copying);
}

static void copy_slot(uint8_t *slot, const uint8_t *frame, const struct layout *layout,
                      const struct copying *copying) {
    size_t data = layout->data_offset, end = layout->slot_bytes;
    size_t data_size = ((const struct slot_header *)frame)->data_size;
    if (copying->picture_only && data_size <= MAX_DATA_BYTES)
        end = data + data_size;
    if (copying->header_last)
        copy_part(slot, frame, data, end, copying);
    copy_part(slot, frame, 0, copying->header_last ? data : end, copying);
}

/* What stands between header and data changes even when a slot is complete. */
static void touch_brightness(struct ring *ring, uint32_t write) {
    size_t header = sizeof(struct slot_header), size = ring->layout->data_offset - header;
    memset(ring_slot(ring, write) + header, (int)(write % 251 + 1), size);
}

uint32_t ring_write(struct ring *ring, const uint8_t *frame, const struct copying *copying,
                    struct write_times *times) {
    /* The index comes first, if the daemon is one of the older ones: a reader is told of a picture
     * that is not there yet. No lock, no sequence counter. */
    times->index_ns = monotonic_ns();
    uint32_t write = copying->index_last ? atomic_load(ring_index(ring))
                                         : atomic_fetch_add(ring_index(ring), 1);
    copy_slot(ring_slot(ring, write), frame, ring->layout, copying);
    touch_brightness(ring, write - 1);
    if (copying->index_last) {
        times->index_ns = monotonic_ns();
        atomic_fetch_add(ring_index(ring), 1);
    }
    times->end_ns = monotonic_ns();
    return write;
}

_Atomic uint32_t *ring_index(const struct ring *ring) { return (_Atomic uint32_t *)ring->memory; }

uint8_t *ring_slot(const struct ring *ring, uint32_t write) {
    const struct layout *layout = ring->layout;
    return ring->memory + layout->slots_offset + write % layout->slot_count * layout->slot_bytes;
}

static bool sysv_key(const char *url, key_t *key) {
    if (strncmp(url, "sysv:", 5) != 0)
        return false;
    *key = (key_t)strtoul(url + 5, NULL, 0);
    return true;
}

static void create_sysv(struct ring *ring, key_t key) {
    int old = shmget(key, 0, 0);
    if (old >= 0)
        shmctl(old, IPC_RMID, NULL);
    ring->descriptor = -1;
    ring->shmid = shmget(key, ring->layout->size, IPC_CREAT | IPC_EXCL | 0666);
    if (ring->shmid < 0)
        fail("shmget");
    ring->memory = shmat(ring->shmid, NULL, 0);
    if (ring->memory == (void *)-1)
        fail("shmat");
}

static void map_posix(struct ring *ring) {
    size_t size = ring->layout->size;
    if (ftruncate(ring->descriptor, (off_t)size) < 0)
        fail("ftruncate");
    ring->memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->descriptor, 0);
    if (ring->memory == MAP_FAILED)
        fail("mmap");
}

static void create_posix(struct ring *ring) {
    shm_unlink(ring->url);
    ring->shmid = -1;
    ring->descriptor = shm_open(ring->url, O_CREAT | O_EXCL | O_RDWR, 0666);
    if (ring->descriptor < 0)
        fail(ring->url);
    map_posix(ring);
}

void ring_create(struct ring *ring, const char *url, const struct layout *layout,
                 uint32_t write_index) {
    key_t key;
    ring->url = url;
    ring->layout = layout;
    ring->is_truncated = false;
    if (sysv_key(url, &key))
        create_sysv(ring, key);
    else
        create_posix(ring);
    if (write_index != 0)
        atomic_store(ring_index(ring), write_index);
}

void ring_unlink(struct ring *ring) {
    if (ring->memory == NULL)
        return;
    if (ring->shmid >= 0) {
        shmdt(ring->memory);
        shmctl(ring->shmid, IPC_RMID, NULL);
    } else {
        munmap(ring->memory, ring->layout->size);
        close(ring->descriptor);
        shm_unlink(ring->url);
    }
    ring->memory = NULL;
    ring->generation++;
}

void ring_restart_in_place(struct ring *ring) {
    atomic_store(ring_index(ring), 0);
    memset(ring->memory, 0, ring->layout->size);
    ring->generation++;
}

bool ring_update_in_place(struct ring *ring, const struct layout *layout) {
    if (ring->descriptor < 0)
        return false;
    munmap(ring->memory, ring->layout->size);
    ring->layout = layout;
    map_posix(ring);
    ring_restart_in_place(ring);
    return true;
}

bool ring_truncate(struct ring *ring, int64_t bytes) {
    if (ring->descriptor < 0 || ftruncate(ring->descriptor, bytes) < 0)
        return false;
    ring->is_truncated = true;
    return true;
}

bool ring_is_writable(const struct ring *ring) {
    return ring->memory != NULL && !ring->is_truncated;
}

int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void sleep_until(int64_t deadline_ns) {
    struct timespec deadline = {deadline_ns / 1000000000, deadline_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL) == EINTR)
        continue;
}

_Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}
