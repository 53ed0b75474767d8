/* Prints every size and offset of layout.h as `name value` lines, for tests/media/test_ring.py. */
#include <stdio.h>

#include "layout.h"

#define OFFSET(type, field) printf(#type "." #field " %zu\n", offsetof(struct type, field))

static void print(const char *layout, const char *field, size_t value) {
    printf("%s.%s %zu\n", layout, field, value);
}

int main(void) {
    for (const struct layout *layout = layouts; layout < layouts + LAYOUTS; layout++) {
        print(layout->name, "segment_bytes", layout->size);
        print(layout->name, "slot_count", layout->slot_count);
        print(layout->name, "slots_offset", layout->slots_offset);
        print(layout->name, "slot_bytes", layout->slot_bytes);
        print(layout->name, "data_offset", layout->data_offset);
        print(layout->name, "interval_offset", layout->interval_offset);
    }
    OFFSET(slot_header, frame_number);
    OFFSET(slot_header, capture_time.seconds);
    OFFSET(slot_header, capture_time.nanoseconds);
    OFFSET(slot_header, camera_id);
    OFFSET(slot_header, width);
    OFFSET(slot_header, height);
    OFFSET(slot_header, format);
    OFFSET(slot_header, data_size);

    for (int i = 0; i < DETECTIONS_LAYOUTS; i++) {
        const struct detections_layout *layout = &detections_layouts[i];
        printf("detections ");
        print(layout->name, "segment_bytes", layout->size);
        printf("detections ");
        print(layout->name, "num_offset", layout->num_offset);
        printf("detections ");
        print(layout->name, "detection_offset", layout->detection_offset);
        printf("detections ");
        print(layout->name, "version_offset", layout->version_offset);
    }
    printf("sizeof(detection) %zu\n", sizeof(struct detection));
    OFFSET(detection, class_name);
    OFFSET(detection, confidence);
    OFFSET(detection, x);
    OFFSET(detection, y);
    OFFSET(detection, width);
    OFFSET(detection, height);
    return 0;
}
