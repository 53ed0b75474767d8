/* Prints every size and offset of layout.h as `name value` lines, for tests/media/test_ring.py. */
#include <stddef.h>
#include <stdio.h>

#include "layout.h"

#define SIZE(type) printf("sizeof(" #type ") %zu\n", sizeof(struct type))
#define OFFSET(type, field) printf(#type "." #field " %zu\n", offsetof(struct type, field))

int main(void) {
    SIZE(stream_ring);
    OFFSET(stream_ring, write_index);
    OFFSET(stream_ring, frame_interval_ms);
    OFFSET(stream_ring, slots);

    SIZE(slot);
    OFFSET(slot, frame_number);
    OFFSET(slot, capture_time.seconds);
    OFFSET(slot, capture_time.nanoseconds);
    OFFSET(slot, camera_id);
    OFFSET(slot, width);
    OFFSET(slot, height);
    OFFSET(slot, format);
    OFFSET(slot, data_size);
    OFFSET(slot, data);

    SIZE(detections);
    OFFSET(detections, frame_number);
    OFFSET(detections, time.seconds);
    OFFSET(detections, time.nanoseconds);
    OFFSET(detections, num_detections);
    OFFSET(detections, detection);
    OFFSET(detections, version);

    SIZE(detection);
    OFFSET(detection, class_name);
    OFFSET(detection, confidence);
    OFFSET(detection, x);
    OFFSET(detection, y);
    OFFSET(detection, width);
    OFFSET(detection, height);
    return 0;
}
