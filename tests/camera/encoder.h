/* What the encoder makes: access units of valid H.264 syntax, each with a stamp. */
#ifndef ENCODER_H
#define ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stamp.h"
#include "syntax.h"

/* Real footage, split where the stamp goes. */
struct recorded_picture {
    const uint8_t *head; /* parameter sets and whatever else comes before the first slice */
    size_t head_size;
    const uint8_t *slices;
    size_t slices_size;
    uint32_t slices_crc;
    bool is_idr;
};

struct encoder {
    int camera_id;
    struct video_format format;
    int gop;               /* pictures from one IDR to the next */
    int headers_every;     /* SPS and PPS with every n-th IDR; 0: with the first only */
    int slice_count;
    double bits_per_second;
    size_t size_min, size_max; /* 0: sizes follow the bit rate */
    struct recorded_picture *footage;
    size_t footage_length; /* 0: pictures are synthetic */

    uint64_t random;
    uint8_t sps[32], pps[16];
    size_t sps_size, pps_size;
    uint32_t parameter_sets_crc;

    uint32_t number;
    uint64_t frame_number;
    int position; /* in the GOP, or in the footage; 0: an IDR is next */
    uint32_t frame_num;
    uint32_t idr_count;
    bool has_sent_headers;
};

struct encoded {
    size_t size;
    bool is_idr;
    uint32_t frame_num; /* of synthetic pictures */
    struct stamp stamp;
};

/* Begins with an IDR; everything down to `random` is set. */
void encoder_start(struct encoder *encoder, uint64_t frame_number);
/* The next picture into `data`. */
struct encoded encoder_encode(struct encoder *encoder, uint8_t *data, size_t capacity,
                              int64_t capture_ns, double fps);
/* Whether the next picture is an IDR. */
bool encoder_is_at_idr(const struct encoder *encoder);
/* The next picture is encoded and thrown away. */
void encoder_skip(struct encoder *encoder);

/* Reads a file of access units, each with its length as a native u32 in front. */
void footage_load(struct encoder *encoder, const char *path);

#endif
