/* A picture's stamp: an SEI NAL unit (user_data_unregistered) in front of the first slice.
 *
 * It says in hexadecimal text which picture this is and ends with a CRC-32 over the picture's
 * slices and over itself, so bytes of two pictures never pass for one. The parameter sets have a
 * CRC of their own: they are not in every access unit, and a reader may add them.
 * tests/camera/stamp.py reads it too.
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAMP_MAX_BYTES = 128 };

struct stamp {
    int camera_id;
    uint32_t number; /* counts the pictures that this camera's encoder made, lost ones too */
    uint64_t frame_number;
    int64_t capture_ns;
    uint32_t parameter_sets_crc;
    uint32_t crc;
};

/* The CRC-32 of zlib: `crc` is that of what comes before, 0 at first. */
uint32_t crc32(uint32_t crc, const uint8_t *data, size_t size);

/* Sets `crc` and makes the NAL unit without start code; returns its size. */
size_t stamp_make(struct stamp *stamp, uint32_t slices_crc, uint8_t *to);

/* Whether `data` is one whole picture; fills in the stamp as far as there is one. */
bool stamp_verify(const uint8_t *data, size_t size, struct stamp *stamp);

#endif
