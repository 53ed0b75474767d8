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

static void copy_slot(struct slot *slot, const struct slot *frame, const struct copying *copying) {
    uint8_t *to = (uint8_t *)slot;
    const uint8_t *from = (const uint8_t *)frame;
    if (copying->pause_ns == 0) {
        copy_bytes(to, from, 0, sizeof *slot, copying);
        return;
    }
    bool from_the_end = copying->order == COPY_BACKWARD;
    size_t middle = copying->pause_offset;
    copy_bytes(to, from, from_the_end ? middle : 0, from_the_end ? sizeof *slot : middle, copying);
    sleep_until(monotonic_ns() + copying->pause_ns);
    copy_bytes(to, from, from_the_end ? 0 : middle, from_the_end ? middle : sizeof *slot, copying);
}

uint32_t ring_write(struct ring *ring, const struct slot *frame, const struct copying *copying,
                    struct write_times *times) {
    times->index_ns = monotonic_ns();
    /* First the index, then the bytes: a reader is told of a picture that is not there yet. */
    uint32_t write = atomic_fetch_add(&ring->memory->write_index, 1);
    /* The whole slot, whatever the picture's size; no lock, no sequence counter. */
    copy_slot(&ring->memory->slots[write % SLOT_COUNT], frame, copying);
    times->end_ns = monotonic_ns();
    return write;
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
    ring->shmid = shmget(key, sizeof *ring->memory, IPC_CREAT | IPC_EXCL | 0666);
    if (ring->shmid < 0)
        fail("shmget");
    ring->memory = shmat(ring->shmid, NULL, 0);
    if (ring->memory == (void *)-1)
        fail("shmat");
}

static void create_posix(struct ring *ring) {
    shm_unlink(ring->url);
    ring->shmid = -1;
    ring->descriptor = shm_open(ring->url, O_CREAT | O_EXCL | O_RDWR, 0666);
    if (ring->descriptor < 0)
        fail(ring->url);
    if (ftruncate(ring->descriptor, sizeof *ring->memory) < 0)
        fail("ftruncate");
    ring->memory = mmap(NULL, sizeof *ring->memory, PROT_READ | PROT_WRITE, MAP_SHARED,
                        ring->descriptor, 0);
    if (ring->memory == MAP_FAILED)
        fail("mmap");
}

void ring_create(struct ring *ring, const char *url, uint32_t write_index) {
    key_t key;
    ring->url = url;
    ring->is_truncated = false;
    if (sysv_key(url, &key))
        create_sysv(ring, key);
    else
        create_posix(ring);
    if (write_index != 0)
        atomic_store(&ring->memory->write_index, write_index);
}

void ring_unlink(struct ring *ring) {
    if (ring->memory == NULL)
        return;
    if (ring->shmid >= 0) {
        shmdt(ring->memory);
        shmctl(ring->shmid, IPC_RMID, NULL);
    } else {
        munmap(ring->memory, sizeof *ring->memory);
        close(ring->descriptor);
        shm_unlink(ring->url);
    }
    ring->memory = NULL;
    ring->generation++;
}

void ring_restart_in_place(struct ring *ring) {
    atomic_store(&ring->memory->write_index, 0);
    memset(ring->memory, 0, sizeof *ring->memory);
    ring->generation++;
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
