/* The shared memory of the camera daemons, version by version, as their C compiler lays it out
 * (LP64). */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <semaphore.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_DATA_BYTES = 1920 * 1080 * 3 / 2, MAX_DETECTIONS = 10 };

enum picture_format {
    FORMAT_JPEG = 0,
    FORMAT_NV12 = 1,
    FORMAT_RGB = 2,
    FORMAT_H264 = 3,
    FORMAT_H265 = 4
};

/* struct timespec of a 64-bit system, spelled out: the layout must not depend on libc flags. */
struct time_spec {
    int64_t seconds;
    int64_t nanoseconds;
};

/* What all slots begin with. */
struct slot_header {
    uint64_t frame_number;
    struct time_spec capture_time;
    int32_t camera_id;
    int32_t width;
    int32_t height;
    int32_t format;
    uint64_t data_size;
};

struct slot {
    struct slot_header header;
    uint8_t data[MAX_DATA_BYTES];
};

struct bright_slot {
    struct slot_header header;
    float brightness;
    uint32_t lux;
    uint8_t zone;
    uint8_t correction;
    uint8_t unused[2];
    uint8_t data[MAX_DATA_BYTES];
};

struct first_ring {
    _Atomic uint32_t write_index;
    uint32_t frame_interval_ms;
    struct slot slots[30];
};

struct semaphore_ring {
    _Atomic uint32_t write_index;
    uint32_t frame_interval_ms;
    sem_t semaphore;
    struct slot slots[30];
};

struct brightness_ring {
    _Atomic uint32_t write_index;
    uint32_t frame_interval_ms;
    sem_t semaphore;
    struct bright_slot slots[30];
};

struct aligned_ring {
    alignas(64) _Atomic uint32_t write_index;
    alignas(64) uint32_t frame_interval_ms;
    alignas(64) sem_t semaphore;
    alignas(64) struct bright_slot slots[30];
};

struct six_slots_ring {
    alignas(64) _Atomic uint32_t write_index;
    alignas(64) uint32_t frame_interval_ms;
    alignas(64) sem_t semaphore;
    alignas(64) struct bright_slot slots[6];
};

struct layout {
    const char *name;
    size_t size, slots_offset, slot_bytes, data_offset, interval_offset;
    uint32_t slot_count;
};

#define LAYOUT(layout_name, ring, slot)                                                            \
    {                                                                                              \
        .name = layout_name, .size = sizeof(struct ring),                                          \
        .slots_offset = offsetof(struct ring, slots), .slot_bytes = sizeof(struct slot),           \
        .data_offset = offsetof(struct slot, data),                                                \
        .interval_offset = offsetof(struct ring, frame_interval_ms),                               \
        .slot_count = sizeof(((struct ring *)0)->slots) / sizeof(struct slot)                      \
    }

enum { LAYOUTS = 5, LARGEST_SLOT_BYTES = sizeof(struct bright_slot) };

static const struct layout layouts[LAYOUTS] = {
    LAYOUT("first", first_ring, slot),
    LAYOUT("semaphore", semaphore_ring, slot),
    LAYOUT("brightness", brightness_ring, bright_slot),
    LAYOUT("aligned", aligned_ring, bright_slot),
    LAYOUT("six-slots", six_slots_ring, bright_slot),
};

struct detection {
    char class_name[32];
    float confidence;
    int32_t x;
    int32_t y;
    int32_t width;
    int32_t height;
};

struct first_detections {
    uint64_t frame_number;
    struct time_spec time;
    int32_t num_detections;
    struct detection detection[MAX_DETECTIONS];
    _Atomic uint32_t version;
};

struct semaphore_detections {
    uint64_t frame_number;
    struct time_spec time;
    int32_t num_detections;
    struct detection detection[MAX_DETECTIONS];
    _Atomic uint32_t version;
    sem_t semaphore;
};

struct double_detections {
    uint64_t frame_number;
    double time;
    int32_t num_detections;
    struct detection detection[MAX_DETECTIONS];
    _Atomic uint32_t version;
    sem_t semaphore;
};

struct detections_layout {
    const char *name;
    size_t size, num_offset, detection_offset, version_offset;
};

#define DETECTIONS_LAYOUT(layout_name, record)                                                     \
    {                                                                                              \
        .name = layout_name, .size = sizeof(struct record),                                        \
        .num_offset = offsetof(struct record, num_detections),                                     \
        .detection_offset = offsetof(struct record, detection),                                    \
        .version_offset = offsetof(struct record, version)                                         \
    }

enum { DETECTIONS_LAYOUTS = 3, LARGEST_DETECTIONS_BYTES = sizeof(struct semaphore_detections) };

static const struct detections_layout detections_layouts[DETECTIONS_LAYOUTS] = {
    DETECTIONS_LAYOUT("first", first_detections),
    DETECTIONS_LAYOUT("semaphore", semaphore_detections),
    DETECTIONS_LAYOUT("double", double_detections),
};

#endif
