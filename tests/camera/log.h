/* What was written and when, kept in memory until someone asks so that it disturbs no timing. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "stamp.h"

/* A picture that a camera wrote. */
struct picture_row {
    uint32_t generation, write;
    struct stamp stamp;
    int32_t format;
    bool is_idr;
    uint32_t frame_num;
    uint64_t size;
    struct write_times times;
};

/* A slot that the switcher relayed. */
struct relay_row {
    uint32_t generation, write;
    /* the slot's header */
    uint64_t frame_number;
    int64_t capture_ns;
    int32_t camera_id, format;
    uint64_t size;
    /* and its bytes, as they stood after the copy */
    struct stamp stamp;
    bool has_whole_bytes; /* of some picture */
    bool is_whole;        /* of the picture that the header names */
    struct write_times times;
};

/* One writing thread's rows. `count` is raised last, so another thread may read that many. */
struct picture_log {
    struct picture_row *rows;
    _Atomic uint32_t count;
};

struct relay_log {
    struct relay_row *rows;
    _Atomic uint32_t count;
};

void *log_reserve(size_t row_size);
struct picture_row *log_next_picture(struct picture_log *log);
struct relay_row *log_next_relay(struct relay_log *log);
/* Writes all rows so far as CSV, complete or not at all. */
void log_save(const char *path, struct picture_log *pictures, int logs, struct relay_log *relay);

#endif
