#define _GNU_SOURCE
#include "log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

enum { MAX_ROWS = 8 << 20 }; /* of a relay that runs free: half an hour or more */

void *log_reserve(size_t row_size) { /* pages are taken as rows are written */
    void *rows = mmap(NULL, row_size * MAX_ROWS, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (rows == MAP_FAILED)
        fail("mmap");
    return rows;
}

static uint32_t next(_Atomic uint32_t *count) {
    if (*count == MAX_ROWS)
        fail("log full");
    return *count;
}

struct picture_row *log_next_picture(struct picture_log *log) {
    return &log->rows[next(&log->count)];
}

struct relay_row *log_next_relay(struct relay_log *log) { return &log->rows[next(&log->count)]; }

static void save_picture(FILE *file, const struct picture_row *row) {
    fprintf(file,
            "picture,%" PRIu32 ",%" PRIu32 ",%d,%" PRIu32 ",%" PRIu64 ",%" PRId64 ",%" PRId32
            ",%" PRIu64 ",%" PRIu32 ",%d,%" PRIu32 ",%" PRId64 ",%" PRId64 "\n",
            row->generation, row->write, row->stamp.camera_id, row->stamp.number,
            row->stamp.frame_number, row->stamp.capture_ns, row->format, row->size, row->stamp.crc,
            row->is_idr, row->frame_num, row->times.index_ns, row->times.end_ns);
}

static void save_relay(FILE *file, const struct relay_row *row) {
    fprintf(file,
            "relay,%" PRIu32 ",%" PRIu32 ",%" PRId32 ",%" PRIu64 ",%" PRId64 ",%" PRId32 ",%" PRIu64
            ",%d,%" PRIu32 ",%d,%d,%" PRId64 ",%" PRId64 "\n",
            row->generation, row->write, row->camera_id, row->frame_number, row->capture_ns,
            row->format, row->size, row->stamp.camera_id, row->stamp.number, row->has_whole_bytes,
            row->is_whole, row->times.index_ns, row->times.end_ns);
}

void log_save(const char *path, struct picture_log *pictures, int logs, struct relay_log *relay) {
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.part", path);
    FILE *file = fopen(temporary, "w");
    if (file == NULL)
        fail(temporary);
    for (int i = 0; i < logs; i++)
        for (uint32_t row = 0, count = pictures[i].count; row < count; row++)
            save_picture(file, &pictures[i].rows[row]);
    for (uint32_t row = 0, count = relay->count; row < count; row++)
        save_relay(file, &relay->rows[row]);
    if (fclose(file) != 0 || rename(temporary, path) != 0)
        fail(path);
}
