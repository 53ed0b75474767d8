#define _GNU_SOURCE
#include "picture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

enum { NAL_NON_IDR = 1, NAL_IDR = 5, NAL_SEI = 6, NAL_SPS = 7, NAL_PPS = 8 };

static const uint8_t STAMP_UUID[16] = "pet_stream stamp";
#define STAMP_FORMAT "%01x %08" PRIx32 " %016" PRIx64 " %016" PRIx64 " %08" PRIx32 " "
enum { STAMP_BODY_TEXT = 1 + 1 + 8 + 1 + 16 + 1 + 16 + 1 + 8 + 1, STAMP_TEXT = STAMP_BODY_TEXT + 8 };

/* ---- CRC-32 (the one of zlib), eight bytes a step ---- */

static uint32_t crc_table[8][256];

static void crc_prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        crc_table[0][byte] = crc;
    }
    for (int step = 1; step < 8; step++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = crc_table[step - 1][byte];
            crc_table[step][byte] = crc >> 8 ^ crc_table[0][crc & 0xff];
        }
}

static uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size) {
    crc = ~crc;
    for (; size >= 8; data += 8, size -= 8) {
        uint32_t low, high;
        memcpy(&low, data, 4);
        memcpy(&high, data + 4, 4);
        low ^= crc;
        crc = crc_table[7][low & 0xff] ^ crc_table[6][low >> 8 & 0xff] ^
              crc_table[5][low >> 16 & 0xff] ^ crc_table[4][low >> 24] ^
              crc_table[3][high & 0xff] ^ crc_table[2][high >> 8 & 0xff] ^
              crc_table[1][high >> 16 & 0xff] ^ crc_table[0][high >> 24];
    }
    while (size--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *data++) & 0xff];
    return ~crc;
}

/* ---- bits of a NAL unit ---- */

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
static size_t make_sps(const struct encoder *encoder, uint8_t *to) {
    bool is_night = encoder->camera_id != 0;
    int mbs_high = (encoder->height + 15) / 16;
    int cropped = mbs_high * 16 - encoder->height;
    struct bits bits = {to, 0};
    put(&bits, 8, 3 << 5 | NAL_SPS);
    put(&bits, 8, is_night ? 77 : 66);     /* profile_idc: Main, Baseline */
    put(&bits, 8, is_night ? 0x40 : 0xc0); /* constraint_set flags */
    put(&bits, 8, is_night ? 40 : 31);     /* level_idc */
    put_ue(&bits, 0);                      /* seq_parameter_set_id */
    put_ue(&bits, encoder->log2_max_frame_num - 4);
    put_ue(&bits, 2);                      /* pic_order_cnt_type: output in coding order */
    put_ue(&bits, 1);                      /* max_num_ref_frames */
    put(&bits, 1, 0);                      /* gaps_in_frame_num_value_allowed_flag */
    put_ue(&bits, (encoder->width + 15) / 16 - 1);
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
static size_t make_pps(uint8_t *to) {
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

/* NAL unit header and slice header, 7.3.3; what follows in the slice is noise. */
static size_t make_slice_start(const struct encoder *encoder, bool is_idr, int first_mb, uint8_t *to) {
    struct bits bits = {to, 0};
    put(&bits, 8, is_idr ? 3 << 5 | NAL_IDR : 2 << 5 | NAL_NON_IDR);
    put_ue(&bits, first_mb);
    put_ue(&bits, is_idr ? 7 : 5); /* all slices are I, or P */
    put_ue(&bits, 0);              /* pic_parameter_set_id */
    put(&bits, encoder->log2_max_frame_num, encoder->frame_num);
    if (is_idr) {
        put_ue(&bits, encoder->idr_count % 16); /* idr_pic_id: never twice the same in a row */
        put(&bits, 2, 0);                       /* dec_ref_pic_marking */
    } else {
        put(&bits, 1, 0); /* num_ref_idx_active_override_flag */
        put(&bits, 1, 0); /* ref_pic_list_modification_flag_l0 */
        put(&bits, 1, 0); /* adaptive_ref_pic_marking_mode_flag */
    }
    put_ue(&bits, 0); /* slice_qp_delta */
    put_ue(&bits, 1); /* disable_deblocking_filter_idc */
    return finish(&bits);
}

/* ---- the encoder ---- */

static uint64_t next_random(struct encoder *encoder) { /* xorshift64* */
    uint64_t x = encoder->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    encoder->random = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

static double uniform(struct encoder *encoder, double low, double high) {
    return low + (high - low) * (double)(next_random(encoder) >> 11) / (double)(UINT64_C(1) << 53);
}

/* An IDR takes about five times the bytes of a P picture; the mean fits the bit rate. */
static size_t choose_size(struct encoder *encoder, bool is_idr, double fps) {
    if (encoder->size_max != 0)
        return (size_t)uniform(encoder, (double)encoder->size_min, (double)encoder->size_max);
    double mean = encoder->bits_per_second / 8 / (fps < 30 ? 30 : fps);
    double p_size = mean * encoder->gop / (encoder->gop + 4);
    return (size_t)((is_idr ? 5 : 1) * p_size * uniform(encoder, 0.7, 1.3));
}

static uint8_t *append(uint8_t *to, const uint8_t *data, size_t size) {
    memcpy(to, data, size);
    return to + size;
}

/* Both kinds of start code occur in one access unit. */
static uint8_t *append_start_code(struct encoder *encoder, uint8_t *to) {
    if (next_random(encoder) >> 63)
        *to++ = 0;
    return append(to, (const uint8_t[]){0, 0, 1}, 3);
}

static uint8_t *append_nal_unit(struct encoder *encoder, uint8_t *to, const uint8_t *nal_unit,
                                size_t size) {
    return append(append_start_code(encoder, to), nal_unit, size);
}

static uint8_t *append_stamp(struct encoder *encoder, uint8_t *to, struct stamp *stamp,
                             uint32_t slices_crc) {
    char text[STAMP_TEXT + 1];
    snprintf(text, sizeof text, STAMP_FORMAT, (unsigned)stamp->camera_id, stamp->number,
             stamp->frame_number, (uint64_t)stamp->capture_ns, stamp->parameter_sets_crc);
    stamp->crc = crc32(slices_crc, (const uint8_t *)text, STAMP_BODY_TEXT);
    snprintf(text + STAMP_BODY_TEXT, sizeof text - STAMP_BODY_TEXT, "%08" PRIx32, stamp->crc);
    to = append_start_code(encoder, to);
    *to++ = NAL_SEI;
    *to++ = 5; /* payloadType user_data_unregistered */
    *to++ = sizeof STAMP_UUID + STAMP_TEXT;
    to = append(to, STAMP_UUID, sizeof STAMP_UUID);
    to = append(to, (const uint8_t *)text, STAMP_TEXT);
    *to++ = 0x80;
    return to;
}

/* Noise whose bytes are all 0x80 or more: nothing in it looks like a start code. */
static uint8_t *append_noise(struct encoder *encoder, uint8_t *to, size_t size) {
    for (; size > 0;) {
        uint64_t noise = next_random(encoder) | UINT64_C(0x8080808080808080);
        size_t step = size < sizeof noise ? size : sizeof noise;
        memcpy(to, &noise, step);
        to += step;
        size -= step;
    }
    return to;
}

/* The slices are made first, behind the room for the NAL units in front of them. */
static size_t make_slices(struct encoder *encoder, bool is_idr, size_t size, uint8_t *to,
                          uint32_t *crc) {
    uint8_t *begin = to;
    int macroblocks = (encoder->width + 15) / 16 * ((encoder->height + 15) / 16);
    *crc = 0;
    for (int i = 0; i < encoder->slice_count; i++) {
        to = append_start_code(encoder, to);
        uint8_t *slice = to;
        to += make_slice_start(encoder, is_idr, macroblocks * i / encoder->slice_count, to);
        to = append_noise(encoder, to, size / (size_t)encoder->slice_count);
        *crc = crc32(*crc, slice, (size_t)(to - slice));
    }
    return (size_t)(to - begin);
}

static void advance(struct encoder *encoder, bool is_idr) {
    if (is_idr)
        encoder->idr_count++;
    encoder->number++;
    encoder->frame_number++;
    size_t length = encoder->footage_length ? encoder->footage_length : (size_t)encoder->gop;
    encoder->position = (encoder->position + 1) % (int)length;
    bool idr_is_next = encoder->position == 0;
    encoder->frame_num = idr_is_next ? 0 : (encoder->frame_num + 1) & ((1u << encoder->log2_max_frame_num) - 1);
}

void encoder_start(struct encoder *encoder, uint64_t frame_number) {
    if (crc_table[0][1] == 0)
        crc_prepare();
    if (encoder->footage_length == 0) {
        encoder->sps_size = make_sps(encoder, encoder->sps);
        encoder->pps_size = make_pps(encoder->pps);
        encoder->parameter_sets_crc =
            crc32(crc32(0, encoder->sps, encoder->sps_size), encoder->pps, encoder->pps_size);
    }
    encoder->frame_number = frame_number;
    encoder->position = 0;
    encoder->frame_num = 0;
    encoder->has_sent_headers = false;
}

void encoder_skip(struct encoder *encoder) {
    advance(encoder, encoder->footage_length ? encoder->footage[encoder->position].is_idr
                                             : encoder->position == 0);
}

static bool wants_headers(const struct encoder *encoder, bool is_idr) {
    if (!encoder->has_sent_headers)
        return is_idr;
    return is_idr && encoder->headers_every != 0 &&
           encoder->idr_count % (uint32_t)encoder->headers_every == 0;
}

struct encoded encoder_encode(struct encoder *encoder, uint8_t *data, size_t capacity,
                              int64_t capture_ns, double fps) {
    enum { FRONT_BYTES = 1024 }; /* more than parameter sets and stamp take */
    static _Thread_local uint8_t slices_buffer[MAX_DATA_BYTES];
    const struct recorded_picture *recorded =
        encoder->footage_length ? &encoder->footage[encoder->position] : NULL;
    bool is_idr = recorded ? recorded->is_idr : encoder->position == 0;
    struct encoded encoded = {
        .is_idr = is_idr,
        .frame_num = encoder->frame_num,
        .stamp = {.camera_id = encoder->camera_id,
                  .number = encoder->number,
                  .frame_number = encoder->frame_number,
                  .capture_ns = capture_ns,
                  .parameter_sets_crc = encoder->parameter_sets_crc},
    };
    const uint8_t *slices = recorded ? recorded->slices : slices_buffer;
    size_t slices_size;
    uint32_t slices_crc;
    if (recorded) {
        slices_size = recorded->slices_size;
        slices_crc = recorded->slices_crc;
    } else {
        size_t size = choose_size(encoder, is_idr, fps);
        size_t limit = capacity - FRONT_BYTES;
        size = size < 64 ? 64 : size > limit ? limit : size;
        slices_size = make_slices(encoder, is_idr, size, slices_buffer, &slices_crc);
    }
    uint8_t *to = data;
    bool with_headers = wants_headers(encoder, is_idr);
    if (recorded && (with_headers || !is_idr))
        to = append(to, recorded->head, recorded->head_size);
    if (!recorded && with_headers) {
        to = append_nal_unit(encoder, to, encoder->sps, encoder->sps_size);
        to = append_nal_unit(encoder, to, encoder->pps, encoder->pps_size);
    }
    encoder->has_sent_headers |= with_headers;
    to = append_stamp(encoder, to, &encoded.stamp, slices_crc);
    if ((size_t)(to - data) + slices_size > capacity)
        fail("picture too large for a slot");
    to = append(to, slices, slices_size);
    encoded.size = (size_t)(to - data);
    advance(encoder, is_idr);
    return encoded;
}

/* ---- reading pictures again ---- */

/* The next NAL unit at or after *at, without start code and trailing zeros; NULL at the end. */
static const uint8_t *next_nal_unit(const uint8_t **at, const uint8_t *end, size_t *size) {
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

static bool is_slice(const uint8_t *nal_unit, size_t size) {
    return size > 0 && (nal_unit[0] & 31) >= NAL_NON_IDR && (nal_unit[0] & 31) <= NAL_IDR;
}

static bool parse_stamp(const uint8_t *nal_unit, size_t size, struct stamp *stamp, char *text) {
    size_t front = 3 + sizeof STAMP_UUID;
    if (size != front + STAMP_TEXT + 1 || memcmp(nal_unit + 3, STAMP_UUID, sizeof STAMP_UUID) != 0)
        return false;
    memcpy(text, nal_unit + front, STAMP_TEXT);
    text[STAMP_TEXT] = 0;
    unsigned camera_id;
    uint64_t capture_ns;
    int fields = sscanf(text, "%x %" SCNx32 " %" SCNx64 " %" SCNx64 " %" SCNx32 " %" SCNx32,
                        &camera_id, &stamp->number, &stamp->frame_number, &capture_ns,
                        &stamp->parameter_sets_crc, &stamp->crc);
    stamp->camera_id = (int)camera_id;
    stamp->capture_ns = (int64_t)capture_ns;
    return fields == 6;
}

bool picture_verify(const uint8_t *data, size_t size, struct stamp *stamp) {
    const uint8_t *end = data + size, *nal_unit;
    char text[STAMP_TEXT + 1];
    int stamps = 0, parameter_sets = 0;
    uint32_t slices_crc = 0, parameter_sets_crc = 0;
    while ((nal_unit = next_nal_unit(&data, end, &size)) != NULL) {
        int type = size ? nal_unit[0] & 31 : 0;
        if (is_slice(nal_unit, size))
            slices_crc = crc32(slices_crc, nal_unit, size);
        else if (type == NAL_SPS || type == NAL_PPS)
            parameter_sets++, parameter_sets_crc = crc32(parameter_sets_crc, nal_unit, size);
        else if (type == NAL_SEI)
            stamps += parse_stamp(nal_unit, size, stamp, text);
    }
    if (stamps != 1)
        return false;
    if (parameter_sets && parameter_sets_crc != stamp->parameter_sets_crc)
        return false;
    return stamp->crc == crc32(slices_crc, (const uint8_t *)text, STAMP_BODY_TEXT);
}

static struct recorded_picture split_recorded(const uint8_t *data, size_t size) {
    const uint8_t *end = data + size, *at = data, *nal_unit;
    struct recorded_picture picture = {.head = data};
    while ((nal_unit = next_nal_unit(&at, end, &size)) != NULL) {
        if (!is_slice(nal_unit, size))
            continue;
        if (picture.slices == NULL) {
            picture.slices = nal_unit - 3;
            if (picture.slices > data && picture.slices[-1] == 0)
                picture.slices--;
            picture.head_size = (size_t)(picture.slices - data);
            picture.is_idr = (nal_unit[0] & 31) == NAL_IDR;
        }
        picture.slices_crc = crc32(picture.slices_crc, nal_unit, size);
    }
    if (picture.slices == NULL)
        fail("footage: an access unit without a slice");
    picture.slices_size = (size_t)(end - picture.slices);
    return picture;
}

static uint32_t crc_of_parameter_sets(const uint8_t *data, size_t size) {
    const uint8_t *end = data + size, *nal_unit;
    uint32_t crc = 0;
    while ((nal_unit = next_nal_unit(&data, end, &size)) != NULL)
        if (size && ((nal_unit[0] & 31) == NAL_SPS || (nal_unit[0] & 31) == NAL_PPS))
            crc = crc32(crc, nal_unit, size);
    return crc;
}

void footage_load(struct encoder *encoder, const char *path) {
    FILE *file = fopen(path, "rb");
    uint32_t size;
    if (file == NULL)
        fail(path);
    crc_prepare();
    while (fread(&size, sizeof size, 1, file) == 1) {
        uint8_t *data = malloc(size);
        if (data == NULL || fread(data, 1, size, file) != size)
            fail(path);
        size_t length = encoder->footage_length++;
        encoder->footage = realloc(encoder->footage, (length + 1) * sizeof *encoder->footage);
        if (encoder->footage == NULL)
            fail(path);
        encoder->footage[length] = split_recorded(data, size);
    }
    fclose(file);
    if (encoder->footage_length == 0 || !encoder->footage[0].is_idr)
        fail("footage: does not begin with an IDR");
    encoder->parameter_sets_crc =
        crc_of_parameter_sets(encoder->footage[0].head, encoder->footage[0].head_size);
}
