/* A detector for tests: writes detections as the daemon does, without a lock.
 *
 *   detector --segment /name [--layout LAYOUT]     first, semaphore or double
 *
 * Prints `ready` when the segment exists, and `ok` after each command, one a line on stdin:
 *
 *   write FRAME SECONDS NANOSECONDS NUM PAUSE_US NAME CONFIDENCE X Y WIDTH HEIGHT
 *            NUM times the same object, boxes one pixel apart; the update is interrupted in the
 *            middle for so long
 *   flood N  N updates as fast as it goes, frame_number 0 to N - 1; all boxes of an update have the
 *            frame number as their width and height
 *
 * Removes the segment when stdin ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

static const struct detections_layout *layout = detections_layouts;
static uint8_t *memory;

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(1);
}

static void pause_us(long us) {
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

/* The record as it is in memory, all but the version: that comes last. */
static void publish(const uint8_t *record, long interrupted_us) {
    size_t size = layout->version_offset, half = size / 4;
    memcpy(memory, record, half);
    if (interrupted_us)
        pause_us(interrupted_us);
    memcpy(memory + half, record + half, size - half);
    atomic_fetch_add((_Atomic uint32_t *)(memory + size), 1);
}

static void set_header(uint8_t *record, uint64_t frame_number, int64_t seconds, int64_t nanoseconds,
                       int32_t count) {
    memcpy(record, &frame_number, sizeof frame_number);
    if (strcmp(layout->name, "double") == 0) {
        ((struct double_detections *)record)->time = (double)seconds + (double)nanoseconds * 1e-9;
    } else {
        ((struct first_detections *)record)->time = (struct time_spec){seconds, nanoseconds};
    }
    memcpy(record + layout->num_offset, &count, sizeof count);
}

static struct detection *detection_of(uint8_t *record, int i) {
    return (struct detection *)(record + layout->detection_offset) + i;
}

static void set(struct detection *detection, const char *name, float confidence, int x, int y,
                int width, int height) {
    memset(detection->class_name, 0, sizeof detection->class_name);
    memcpy(detection->class_name, name, strnlen(name, sizeof detection->class_name));
    detection->confidence = confidence;
    detection->x = x;
    detection->y = y;
    detection->width = width;
    detection->height = height;
}

int main(int count, char **arguments) {
    if (count != 3 && count != 5)
        return 2;
    while (count == 5 && strcmp(layout->name, arguments[4]) != 0)
        if (++layout == detections_layouts + DETECTIONS_LAYOUTS)
            return 2;
    int descriptor = shm_open(arguments[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (descriptor < 0 || ftruncate(descriptor, (off_t)layout->size))
        fail(arguments[2]);
    memory = mmap(NULL, layout->size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    puts("ready");
    fflush(stdout);

    char line[512], name[64];
    alignas(8) uint8_t record[LARGEST_DETECTIONS_BYTES];
    while (fgets(line, sizeof line, stdin)) {
        unsigned long frame;
        long seconds, nanoseconds, interrupted_us, updates;
        int num, x, y, width, height;
        float confidence;
        memset(record, 0, sizeof record);
        if (sscanf(line, "write %lu %ld %ld %d %ld %63s %f %d %d %d %d", &frame, &seconds,
                   &nanoseconds, &num, &interrupted_us, name, &confidence, &x, &y, &width,
                   &height) == 11) {
            set_header(record, frame, seconds, nanoseconds, num);
            for (int i = 0; i < num && i < MAX_DETECTIONS; i++)
                set(detection_of(record, i), name, confidence, x + i, y, width, height);
            publish(record, interrupted_us);
        } else if (sscanf(line, "flood %ld", &updates) == 1) {
            for (int number = 1; number <= updates; number++) {
                set_header(record, (uint64_t)number, 0, 0, MAX_DETECTIONS);
                for (int i = 0; i < MAX_DETECTIONS; i++)
                    set(detection_of(record, i), "cat", 0.5f, i, i, number, number);
                publish(record, 0);
                pause_us(2500);
            }
        } else {
            return 3;
        }
        puts("ok");
        fflush(stdout);
    }
    shm_unlink(arguments[2]);
    return 0;
}
