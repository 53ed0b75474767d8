#define _GNU_SOURCE
#include "syntax.h"

#include <string.h>

struct bits {
    uint8_t *data; /* zeroed as it grows */
    size_t count;
};

static void put(struct bits *bits, int width, uint32_t value) {
    while (width--) {
        if (bits->count % 8 == 0)
            bits->data[bits->count / 8] = 0;
        if (value >> width & 1)
            bits->data[bits->count / 8] |= 0x80 >> bits->count % 8;
        bits->count++;
    }
}

/* ue(v), H.264 clause 9.1 */
static void put_ue(struct bits *bits, uint32_t value) {
    int width = 32 - __builtin_clz(value + 1);
    put(bits, width - 1, 0);
    put(bits, width, value + 1);
}

/* rbsp_trailing_bits, 7.3.2.11 */
static size_t finish(struct bits *bits) {
    put(bits, 1, 1);
    while (bits->count % 8)
        put(bits, 1, 0);
    return bits->count / 8;
}

/* 7.3.2.1.1. None of these has a byte sequence that would need emulation prevention. */
size_t make_sps(const struct video_format *format, uint8_t *to) {
    bool is_main = format->is_main_profile;
    int mbs_high = (format->height + 15) / 16;
    int cropped = mbs_high * 16 - format->height;
    struct bits bits = {to, 0};
    put(&bits, 8, 3 << 5 | NAL_SPS);
    put(&bits, 8, is_main ? 77 : 66);     /* profile_idc */
    put(&bits, 8, is_main ? 0x40 : 0xc0); /* constraint_set flags */
    put(&bits, 8, is_main ? 40 : 31);     /* level_idc */
    put_ue(&bits, 0);                      /* seq_parameter_set_id */
    put_ue(&bits, format->log2_max_frame_num - 4);
    put_ue(&bits, 2);                      /* pic_order_cnt_type: output in coding order */
    put_ue(&bits, 1);                      /* max_num_ref_frames */
    put(&bits, 1, 0);                      /* gaps_in_frame_num_value_allowed_flag */
    put_ue(&bits, (format->width + 15) / 16 - 1);
    put_ue(&bits, mbs_high - 1);
    put(&bits, 1, 1);                      /* frame_mbs_only_flag */
    put(&bits, 1, 1);                      /* direct_8x8_inference_flag */
    put(&bits, 1, cropped != 0);
    if (cropped) {
        put_ue(&bits, 0);
        put_ue(&bits, 0);
        put_ue(&bits, 0);
        put_ue(&bits, cropped / 2);
    }
    put(&bits, 1, 0); /* vui_parameters_present_flag */
    return finish(&bits);
}

/* 7.3.2.2 */
size_t make_pps(uint8_t *to) {
    struct bits bits = {to, 0};
    put(&bits, 8, 3 << 5 | NAL_PPS);
    put_ue(&bits, 0);    /* pic_parameter_set_id */
    put_ue(&bits, 0);    /* seq_parameter_set_id */
    put(&bits, 2, 0);    /* CAVLC; no bottom_field_pic_order */
    put_ue(&bits, 0);    /* num_slice_groups_minus1 */
    put_ue(&bits, 0);    /* num_ref_idx_l0_default_active_minus1 */
    put_ue(&bits, 0);    /* num_ref_idx_l1_default_active_minus1 */
    put(&bits, 3, 0);    /* no weighted prediction */
    put_ue(&bits, 0);    /* pic_init_qp, qs, chroma_qp_index_offset */
    put_ue(&bits, 0);
    put_ue(&bits, 0);
    put(&bits, 3, 4);    /* deblocking_filter_control_present_flag only */
    return finish(&bits);
}

/* NAL unit header and slice header, 7.3.3 */
size_t make_slice_start(const struct video_format *format, const struct slice_header *header,
                        uint8_t *to) {
    struct bits bits = {to, 0};
    put(&bits, 8, header->is_idr ? 3 << 5 | NAL_IDR : 2 << 5 | NAL_NON_IDR);
    put_ue(&bits, (uint32_t)header->first_mb);
    put_ue(&bits, header->is_idr ? 7 : 5); /* all slices are I, or P */
    put_ue(&bits, 0);                      /* pic_parameter_set_id */
    put(&bits, format->log2_max_frame_num, header->frame_num);
    if (header->is_idr) {
        put_ue(&bits, header->idr_pic_id);
        put(&bits, 2, 0); /* dec_ref_pic_marking */
    } else {
        put(&bits, 1, 0); /* num_ref_idx_active_override_flag */
        put(&bits, 1, 0); /* ref_pic_list_modification_flag_l0 */
        put(&bits, 1, 0); /* adaptive_ref_pic_marking_mode_flag */
    }
    put_ue(&bits, 0); /* slice_qp_delta */
    put_ue(&bits, 1); /* disable_deblocking_filter_idc */
    return finish(&bits);
}

const uint8_t *next_nal_unit(const uint8_t **at, const uint8_t *end, size_t *size) {
    const uint8_t start_code[3] = {0, 0, 1};
    const uint8_t *begin = memmem(*at, (size_t)(end - *at), start_code, 3);
    if (begin == NULL)
        return NULL;
    begin += 3;
    const uint8_t *next = memmem(begin, (size_t)(end - begin), start_code, 3);
    *at = next ? next : end;
    const uint8_t *last = *at;
    while (last > begin && last[-1] == 0)
        last--;
    *size = (size_t)(last - begin);
    return begin;
}

bool is_slice(const uint8_t *nal_unit, size_t size) {
    return size > 0 && (nal_unit[0] & 31) >= NAL_NON_IDR && (nal_unit[0] & 31) <= NAL_IDR;
}
