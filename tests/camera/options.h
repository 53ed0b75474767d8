/* The command line: `--name value`, or `--name` alone for a flag. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

enum { DAY = 0, NIGHT = 1, CAMERAS = 2 };

static const int64_t MS = 1000000, SECOND = 1000000000; /* in nanoseconds */

struct options {
    const char *segment, *log, *layout_name;
    const struct layout *layout;
    bool hold, keep;
    double start_index, frame_number, camera_id, fps, count, encode_delay_ms, other_formats_every;
    const char *clock, *format;
    double clock_drift, clock_wrong_every, clock_wrong_by_ms;

    bool relay, swap_rates;
    double relay_rate, relay_copies, night_fps;
    const char *day, *night;

    const char *copy, *pause_at;
    bool index_last, header_last, picture_only;
    double chunk, pause_ms, pause_every;
    struct copying copying; /* what the eight above come to */

    double gop, headers_every, log2_max_frame_num, slices, bitrate, size_min, size_max;
    double width, height, seed;
    const char *source, *night_source;
};

extern struct options options;

/* NULL when there is none of that name. */
const struct layout *layout_named(const char *name);

/* Ends the program when something is unknown, missing or out of range. */
void options_parse(int count, char **arguments);

#endif
