/* As much of the H.264 syntax as a picture needs to look like one. */
#ifndef SYNTAX_H
#define SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAL_NON_IDR = 1, NAL_IDR = 5, NAL_SEI = 6, NAL_SPS = 7, NAL_PPS = 8 };

struct video_format {
    int width, height;
    int log2_max_frame_num;
    bool is_main_profile; /* else Baseline */
};

/* Whole NAL units without start code; they return their size. */
size_t make_sps(const struct video_format *format, uint8_t *to);
size_t make_pps(uint8_t *to);

struct slice_header {
    bool is_idr;
    int first_mb;
    uint32_t frame_num;
    uint32_t idr_pic_id;
};

/* The beginning of a slice's NAL unit: what follows its header is noise. */
size_t make_slice_start(const struct video_format *format, const struct slice_header *header,
                        uint8_t *to);

/* The next NAL unit at or after *at, without start code and trailing zeros; NULL at the end. */
const uint8_t *next_nal_unit(const uint8_t **at, const uint8_t *end, size_t *size);
bool is_slice(const uint8_t *nal_unit, size_t size);

#endif
