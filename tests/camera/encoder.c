#include "encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

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
    int macroblocks = (encoder->format.width + 15) / 16 * ((encoder->format.height + 15) / 16);
    struct slice_header header = {
        .is_idr = is_idr,
        .frame_num = encoder->frame_num,
        .idr_pic_id = encoder->idr_count % 16, /* never twice the same in a row */
    };
    *crc = 0;
    for (int i = 0; i < encoder->slice_count; i++) {
        to = append_start_code(encoder, to);
        uint8_t *slice = to;
        header.first_mb = macroblocks * i / encoder->slice_count;
        to += make_slice_start(&encoder->format, &header, to);
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
    uint32_t max_frame_num = 1u << encoder->format.log2_max_frame_num;
    encoder->frame_num = encoder->position == 0 ? 0 : (encoder->frame_num + 1) % max_frame_num;
}

void encoder_start(struct encoder *encoder, uint64_t frame_number) {
    if (encoder->footage_length == 0) {
        encoder->sps_size = make_sps(&encoder->format, encoder->sps);
        encoder->pps_size = make_pps(encoder->pps);
        encoder->parameter_sets_crc =
            crc32(crc32(0, encoder->sps, encoder->sps_size), encoder->pps, encoder->pps_size);
    }
    encoder->frame_number = frame_number;
    encoder->position = 0;
    encoder->frame_num = 0;
    encoder->has_sent_headers = false;
}

bool encoder_is_at_idr(const struct encoder *encoder) {
    return encoder->footage_length ? encoder->footage[encoder->position].is_idr
                                   : encoder->position == 0;
}

void encoder_skip(struct encoder *encoder) { advance(encoder, encoder_is_at_idr(encoder)); }

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
    bool is_idr = encoder_is_at_idr(encoder);
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
    uint8_t stamp[STAMP_MAX_BYTES];
    to = append_nal_unit(encoder, to, stamp, stamp_make(&encoded.stamp, slices_crc, stamp));
    if ((size_t)(to - data) + slices_size > capacity)
        fail("picture too large for a slot");
    to = append(to, slices, slices_size);
    encoded.size = (size_t)(to - data);
    advance(encoder, is_idr);
    return encoded;
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
