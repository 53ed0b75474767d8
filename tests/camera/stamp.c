#include "stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "syntax.h"

static const uint8_t UUID[16] = "pet_stream stamp";
#define BODY_FORMAT "%01x %08" PRIx32 " %016" PRIx64 " %016" PRIx64 " %08" PRIx32 " "
enum { BODY_BYTES = 2 + 9 + 17 + 17 + 9, TEXT_BYTES = BODY_BYTES + 8 };
enum { SEI_HEADER_BYTES = 3, USER_DATA_UNREGISTERED = 5 };

/* Eight bytes a step ("slicing by 8"). */
static uint32_t crc_table[8][256];

__attribute__((constructor)) static void prepare_crc_table(void) {
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

uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size) {
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

size_t stamp_make(struct stamp *stamp, uint32_t slices_crc, uint8_t *to) {
    char text[TEXT_BYTES + 1];
    snprintf(text, sizeof text, BODY_FORMAT, (unsigned)stamp->camera_id, stamp->number,
             stamp->frame_number, (uint64_t)stamp->capture_ns, stamp->parameter_sets_crc);
    stamp->crc = crc32(slices_crc, (const uint8_t *)text, BODY_BYTES);
    snprintf(text + BODY_BYTES, sizeof text - BODY_BYTES, "%08" PRIx32, stamp->crc);
    to[0] = NAL_SEI;
    to[1] = USER_DATA_UNREGISTERED;
    to[2] = sizeof UUID + TEXT_BYTES;
    memcpy(to + SEI_HEADER_BYTES, UUID, sizeof UUID);
    memcpy(to + SEI_HEADER_BYTES + sizeof UUID, text, TEXT_BYTES);
    size_t size = SEI_HEADER_BYTES + sizeof UUID + TEXT_BYTES;
    to[size] = 0x80; /* rbsp_trailing_bits */
    return size + 1;
}

static bool parse_stamp(const uint8_t *nal_unit, size_t size, struct stamp *stamp, char *text) {
    size_t front = SEI_HEADER_BYTES + sizeof UUID;
    if (size != front + TEXT_BYTES + 1 ||
        memcmp(nal_unit + SEI_HEADER_BYTES, UUID, sizeof UUID) != 0)
        return false;
    memcpy(text, nal_unit + front, TEXT_BYTES);
    text[TEXT_BYTES] = 0;
    unsigned camera_id;
    uint64_t capture_ns;
    int fields = sscanf(text, "%x %" SCNx32 " %" SCNx64 " %" SCNx64 " %" SCNx32 " %" SCNx32,
                        &camera_id, &stamp->number, &stamp->frame_number, &capture_ns,
                        &stamp->parameter_sets_crc, &stamp->crc);
    stamp->camera_id = (int)camera_id;
    stamp->capture_ns = (int64_t)capture_ns;
    return fields == 6;
}

bool stamp_verify(const uint8_t *data, size_t size, struct stamp *stamp) {
    const uint8_t *end = data + size, *nal_unit;
    char text[TEXT_BYTES + 1];
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
    return stamp->crc == crc32(slices_crc, (const uint8_t *)text, BODY_BYTES);
}
