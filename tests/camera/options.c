#include "options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options = {
    .layout_name = "first", .format = "h264", .fps = 30, .encode_delay_ms = 8, .clock = "monotonic", .night_fps = 2,
    .copy = "memcpy", .chunk = 4096, .pause_at = "data", .pause_every = 1,
    .gop = 14, .headers_every = 1, .log2_max_frame_num = 4, .slices = 1, .bitrate = 8e6,
    .width = 1280, .height = 720,
};

static const struct option {
    const char *name;
    const char **text;
    double *number;
    bool *flag;
} option_table[] = {
    {"segment", .text = &options.segment}, /* "/name" or "sysv:0xKEY" */
    {"log", .text = &options.log},         /* CSV file, see log.h */
    {"layout", .text = &options.layout_name}, /* see layout.h */
    {"hold", .flag = &options.hold},       /* wait for `start` */
    {"keep", .flag = &options.keep},       /* leave the segments behind */
    {"start-index", .number = &options.start_index},   /* the stream's write_index */
    {"frame-number", .number = &options.frame_number}, /* the first */
    {"camera-id", .number = &options.camera_id},       /* the active camera at first */
    {"fps", .number = &options.fps},
    {"count", .number = &options.count},  /* H.264 pictures per camera; 0: no end */
    {"clock", .text = &options.clock},    /* of capture times: monotonic, realtime, own or zero */
    {"clock-drift", .number = &options.clock_drift},             /* percent */
    {"clock-wrong-every", .number = &options.clock_wrong_every}, /* every n-th stamp is wrong ... */
    {"clock-wrong-by-ms", .number = &options.clock_wrong_by_ms}, /* ... by this */
    {"encode-delay-ms", .number = &options.encode_delay_ms}, /* from capture to write */
    {"other-formats-every", .number = &options.other_formats_every}, /* JPEG or NV12; 0: never */
    {"format", .text = &options.format}, /* of all pictures: h264, h265, jpeg, nv12 or rgb */
    /* the relay */
    {"relay", .flag = &options.relay},
    {"relay-rate", .number = &options.relay_rate},        /* writes per second; 0: runs free */
    {"relay-copies", .number = &options.relay_copies},    /* private copies on the way */
    {"day", .text = &options.day},     /* its sources; else <segment>_day and <segment>_night, */
    {"night", .text = &options.night}, /* or the next two keys */
    {"night-fps", .number = &options.night_fps},
    {"swap-rates", .flag = &options.swap_rates}, /* that rate is the inactive camera's */
    /* how the bytes of a slot come */
    {"index-last", .flag = &options.index_last},     /* all else comes in front of the index */
    {"header-last", .flag = &options.header_last},   /* the data comes in front of the header */
    {"picture-only", .flag = &options.picture_only}, /* older bytes stay behind the picture */
    {"copy", .text = &options.copy},                /* memcpy, forward or backward */
    {"chunk", .number = &options.chunk},            /* bytes; of the last two */
    {"pause-ms", .number = &options.pause_ms},      /* in the middle of a copy ... */
    {"pause-every", .number = &options.pause_every},/* ... of every n-th picture, */
    {"pause-at", .text = &options.pause_at},        /* at header, data, or a byte of the slot */
    /* synthetic pictures; the night camera has one bit more of frame_num, and another profile */
    {"gop", .number = &options.gop},
    {"headers-every", .number = &options.headers_every}, /* n-th IDR has SPS, PPS; 0: the first */
    {"log2-max-frame-num", .number = &options.log2_max_frame_num},
    {"slices", .number = &options.slices},
    {"bitrate", .number = &options.bitrate},   /* bits per second */
    {"size-min", .number = &options.size_min}, /* bytes of the slices, evenly spread */
    {"size-max", .number = &options.size_max}, /* 0: sizes follow the bit rate */
    {"width", .number = &options.width},
    {"height", .number = &options.height},
    {"seed", .number = &options.seed},
    /* or real footage, see footage_load() */
    {"source", .text = &options.source},
    {"night-source", .text = &options.night_source},
};

static _Noreturn void refuse(const char *what) {
    fprintf(stderr, "writer: %s\n", what);
    exit(2);
}

const struct layout *layout_named(const char *name) {
    for (const struct layout *layout = layouts; layout < layouts + LAYOUTS; layout++)
        if (strcmp(layout->name, name) == 0)
            return layout;
    return NULL;
}

static void parse_copying(void) {
    struct copying *copying = &options.copying;
    copying->index_last = options.index_last;
    copying->header_last = options.header_last;
    copying->picture_only = options.picture_only;
    copying->chunk_bytes = (size_t)options.chunk;
    copying->pause_ns = (int64_t)(options.pause_ms * (double)MS);
    copying->order = strcmp(options.copy, "forward") == 0    ? COPY_FORWARD
                     : strcmp(options.copy, "backward") == 0 ? COPY_BACKWARD
                                                             : COPY_MEMCPY;
    if (strcmp(options.pause_at, "header") == 0)
        copying->pause_offset = offsetof(struct slot_header, camera_id);
    else if (strcmp(options.pause_at, "data") != 0)
        copying->pause_offset = strtoul(options.pause_at, NULL, 0);
    if (copying->pause_offset > options.layout->slot_bytes)
        refuse("--pause-at");
}

void options_parse(int count, char **arguments) {
    size_t known = sizeof option_table / sizeof *option_table;
    for (int i = 1; i < count; i++) {
        const struct option *option = option_table;
        while (option < option_table + known &&
               (strncmp(arguments[i], "--", 2) != 0 || strcmp(arguments[i] + 2, option->name) != 0))
            option++;
        if (option == option_table + known)
            refuse(arguments[i]);
        if (option->flag != NULL)
            *option->flag = true;
        else if (++i == count)
            refuse(option->name);
        else if (option->text != NULL)
            *option->text = arguments[i];
        else
            *option->number = strtod(arguments[i], NULL);
    }
    if (options.segment == NULL || options.fps <= 0 || options.night_fps <= 0 ||
        options.chunk < 1 || options.gop < 1 || options.slices < 1 ||
        options.log2_max_frame_num < 4 || options.log2_max_frame_num > 15)
        refuse("a missing or wrong value");
    options.layout = layout_named(options.layout_name);
    if (options.layout == NULL)
        refuse(options.layout_name);
    parse_copying();
}
