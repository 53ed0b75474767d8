/* The shared memory of the camera daemons, as their C compiler lays it out (LP64). */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

enum { SLOT_COUNT = 30, MAX_DATA_BYTES = 1920 * 1080 * 3 / 2, MAX_DETECTIONS = 10 };

enum picture_format { FORMAT_JPEG = 0, FORMAT_NV12 = 1, FORMAT_RGB = 2, FORMAT_H264 = 3 };

/* struct timespec of a 64-bit system, spelled out: the layout must not depend on libc flags. */
struct time_spec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct slot {
    uint64_t frame_number;
    struct time_spec capture_time;
    int32_t camera_id;
    int32_t width;
    int32_t height;
    int32_t format;
    uint64_t data_size;
    uint8_t data[MAX_DATA_BYTES];
};

struct stream_ring {
    _Atomic uint32_t write_index;
    uint32_t frame_interval_ms;
    struct slot slots[SLOT_COUNT];
};

struct detection {
    char class_name[32];
    float confidence;
    int32_t x;
    int32_t y;
    int32_t width;
    int32_t height;
};

struct detections {
    uint64_t frame_number;
    struct time_spec time;
    int32_t num_detections;
    struct detection detection[MAX_DETECTIONS];
    _Atomic uint32_t version;
};

#endif
