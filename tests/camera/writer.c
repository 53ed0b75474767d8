/* A camera for tests. Behaves like the daemons on the board, never politely.
 *
 *   writer --segment /name [options]            one daemon, each picture once
 *   writer --segment /name --relay [options]    the switcher: two camera daemons write /name_day and
 *                                               /name_night, and a loop without pause copies the
 *                                               newest slot of the active one into /name
 *
 * Prints `ready` when the segments exist, `done` when --count pictures are written, and `ok ...` or
 * `error ...` for each command, one a line on stdin:
 *
 *   start                 begin (with --hold)
 *   write N               N pictures at once, apart from the schedule
 *   stall MS              no picture for so long
 *   restart-unlink [MS]   remove the segment and, MS later, make a new one
 *   restart-inplace       zero the segment and begin anew in it
 *   camera 0|1            the other camera becomes the active one
 *   gap N                 the encoder's next N pictures are lost
 *   fps X                 another rate
 *   truncate BYTES        shorten the segment; nothing is written until the next restart-unlink
 *   log                   write the log file now
 *   quit                  (also SIGTERM, or the end of stdin)
 *
 * The main thread obeys commands; each camera and the relay have a thread of their own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "picture.h"
#include "ring.h"

enum { DAY = 0, NIGHT = 1, CAMERAS = 2 };
static const int64_t MS = 1000000, SECOND = 1000000000;

static struct {
    const char *segment, *day, *night, *log, *clock, *copy, *pause_at, *source, *night_source;
    bool relay, hold, keep;
    double relay_rate, relay_copies, fps, night_fps, count, start_index, frame_number, camera_id, encode_delay_ms,
        chunk, pause_ms, pause_every, other_formats_every, gop, headers_every, log2_max_frame_num,
        slices, bitrate, size_min, size_max, width, height, seed;
} options = {
    .clock = "monotonic", .copy = "memcpy", .pause_at = "data", .fps = 30, .night_fps = 2,
    .encode_delay_ms = 8, .chunk = 4096, .pause_every = 1, .gop = 14, .headers_every = 1,
    .log2_max_frame_num = 4, .slices = 1, .bitrate = 8e6, .width = 1280, .height = 720,
};

static const struct option {
    const char *name;
    const char **text;
    double *number;
    bool *flag;
} option_table[] = {
    {"segment", .text = &options.segment}, /* "/name" or "sysv:0xKEY" */
    {"log", .text = &options.log},         /* CSV file, see log.h */
    {"hold", .flag = &options.hold},       /* wait for `start` */
    {"keep", .flag = &options.keep},       /* leave the segments behind */
    {"start-index", .number = &options.start_index},   /* the stream's write_index */
    {"frame-number", .number = &options.frame_number}, /* the first */
    {"camera-id", .number = &options.camera_id},       /* the active camera at first */
    {"fps", .number = &options.fps},
    {"count", .number = &options.count},  /* H.264 pictures per camera; 0: no end */
    {"clock", .text = &options.clock},    /* of capture times: monotonic or realtime */
    {"encode-delay-ms", .number = &options.encode_delay_ms}, /* from capture to write */
    {"other-formats-every", .number = &options.other_formats_every}, /* JPEG or NV12; 0: never */
    /* the relay */
    {"relay", .flag = &options.relay},
    {"relay-rate", .number = &options.relay_rate},        /* writes per second; 0: runs free */
    {"relay-copies", .number = &options.relay_copies},    /* private copies on the way */
    {"day", .text = &options.day},     /* its sources; else <segment>_day and <segment>_night, */
    {"night", .text = &options.night}, /* or the next two keys */
    {"night-fps", .number = &options.night_fps},
    /* how the bytes of a slot come */
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

/* A camera daemon. `lock` is held while it writes and while a command changes it. */
struct camera {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ring *ring;
    struct encoder *encoder; /* whose pictures it writes */
    struct picture_log *log;
    struct slot frame; /* what a shorter picture leaves of longer ones stays in it */
    double fps;
    bool is_held;
    int64_t stalled_until_ns;
    uint64_t ticks, pictures;
};

static struct copying copying;
static struct encoder encoders[CAMERAS];
static struct camera cameras[CAMERAS];
static struct ring stream, camera_rings[CAMERAS]; /* camera_rings are the relay's sources */
static struct picture_log picture_logs[CAMERAS];
static struct relay_log relay_log;
static pthread_mutex_t relay_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int active_camera, commands_waiting;
static atomic_bool is_stopping;
static int camera_count;

/* ---- a camera daemon ---- */

static int64_t encode_delay_ns(void) { return (int64_t)(options.encode_delay_ms * (double)MS); }

static int64_t clock_offset_ns(void) {
    struct timespec now;
    if (strcmp(options.clock, "realtime") != 0)
        return 0;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * SECOND + now.tv_nsec - monotonic_ns();
}

static bool is_nth(const struct camera *camera, double every) {
    return every >= 1 && camera->ticks % (uint64_t)every == 0;
}

static void fill_header(struct slot *frame, const struct encoder *encoder, int64_t capture_ns,
                        enum picture_format format, size_t size) {
    frame->capture_time = (struct time_spec){capture_ns / SECOND, capture_ns % SECOND};
    frame->camera_id = encoder->camera_id;
    frame->width = encoder->width;
    frame->height = encoder->height;
    frame->format = format;
    frame->data_size = size;
}

static struct copying copying_of(const struct camera *camera) {
    struct copying how = copying;
    if (!is_nth(camera, options.pause_every))
        how.pause_ns = 0;
    if (strcmp(options.pause_at, "data") == 0)
        how.pause_offset = offsetof(struct slot, data) + camera->frame.data_size / 2;
    return how;
}

/* Fills the frame with a JPEG or NV12 picture: a frame_number that no H.264 picture has. */
static void make_other_format(struct camera *camera, int64_t capture_ns, struct picture_row *row) {
    struct encoder *encoder = camera->encoder;
    bool is_jpeg = camera->ticks / (uint64_t)options.other_formats_every % 2;
    size_t size = is_jpeg ? 40000 : (size_t)(encoder->width * encoder->height) * 3 / 2;
    memset(camera->frame.data, is_jpeg ? 0xd8 : 0x80, size);
    fill_header(&camera->frame, encoder, capture_ns, is_jpeg ? FORMAT_JPEG : FORMAT_NV12, size);
    camera->frame.frame_number = encoder->frame_number++;
    row->stamp = (struct stamp){.camera_id = encoder->camera_id,
                                .frame_number = camera->frame.frame_number,
                                .capture_ns = capture_ns};
}

static void make_picture(struct camera *camera, int64_t capture_ns, struct picture_row *row) {
    struct encoded picture = encoder_encode(camera->encoder, camera->frame.data, MAX_DATA_BYTES,
                                            capture_ns, camera->fps);
    fill_header(&camera->frame, camera->encoder, capture_ns, FORMAT_H264, picture.size);
    camera->frame.frame_number = picture.stamp.frame_number;
    row->stamp = picture.stamp;
    row->is_idr = picture.is_idr;
    row->frame_num = picture.frame_num;
}

static void write_picture(struct camera *camera, int64_t captured_ns) {
    struct picture_row *row = log_next_picture(camera->log);
    int64_t capture_ns = captured_ns + clock_offset_ns();
    camera->ticks++;
    if (is_nth(camera, options.other_formats_every)) {
        make_other_format(camera, capture_ns, row);
    } else {
        make_picture(camera, capture_ns, row);
        camera->pictures++;
    }
    struct copying how = copying_of(camera);
    row->generation = camera->ring->generation;
    row->write = ring_write(camera->ring, &camera->frame, &how, &row->times);
    row->format = camera->frame.format;
    row->size = camera->frame.data_size;
    camera->log->count++;
}

static bool is_finished(const struct camera *camera) {
    return options.count >= 1 && camera->pictures >= (uint64_t)options.count;
}

/* Waits with the lock released; a command wakes it early. */
static void wait_until(struct camera *camera, int64_t deadline_ns) {
    struct timespec deadline = {deadline_ns / SECOND, deadline_ns % SECOND};
    pthread_cond_timedwait(&camera->changed, &camera->lock, &deadline);
}

/* Pictures are captured at the ticks of an exact clock and written when they are encoded. After a
 * stall, or when the machine can't keep up, the clock begins anew. */
static void *run_camera(void *argument) {
    struct camera *camera = argument;
    int64_t tick_ns = monotonic_ns();
    pthread_mutex_lock(&camera->lock);
    while (!is_stopping && !is_finished(camera)) {
        int64_t now_ns = monotonic_ns();
        if (camera->is_held || camera->ring->memory == NULL || camera->ring->is_truncated) {
            wait_until(camera, now_ns + SECOND);
            tick_ns = monotonic_ns();
        } else if (now_ns < camera->stalled_until_ns) {
            wait_until(camera, camera->stalled_until_ns);
            tick_ns = monotonic_ns();
        } else if (now_ns < tick_ns + encode_delay_ns()) {
            wait_until(camera, tick_ns + encode_delay_ns());
        } else {
            write_picture(camera, tick_ns);
            tick_ns += (int64_t)((double)SECOND / camera->fps);
            if (monotonic_ns() - tick_ns - encode_delay_ns() > 200 * MS)
                tick_ns = monotonic_ns();
        }
    }
    pthread_mutex_unlock(&camera->lock);
    if (!is_stopping && camera == &cameras[DAY]) {
        puts("done");
        fflush(stdout);
    }
    return NULL;
}

/* ---- the switcher daemon ---- */

static void log_relayed(const struct slot *slot, uint32_t write, const struct write_times *times) {
    struct relay_row *row = log_next_relay(&relay_log);
    row->generation = stream.generation;
    row->write = write;
    row->times = *times;
    row->frame_number = slot->frame_number;
    row->capture_ns = slot->capture_time.seconds * SECOND + slot->capture_time.nanoseconds;
    row->camera_id = slot->camera_id;
    row->format = slot->format;
    row->size = slot->data_size;
    size_t size = slot->data_size < MAX_DATA_BYTES ? slot->data_size : MAX_DATA_BYTES;
    row->has_whole_bytes = picture_verify(slot->data, size, &row->stamp);
    row->is_whole = row->has_whole_bytes && row->frame_number == row->stamp.frame_number &&
                    row->capture_ns == row->stamp.capture_ns &&
                    row->camera_id == row->stamp.camera_id;
    relay_log.count++;
}

/* Copies the newest slot of the active ring, whether or not its camera is just writing it. */
static bool relay_once(void) {
    static struct slot buffers[2];
    struct stream_ring *source = camera_rings[active_camera].memory;
    uint32_t index = atomic_load(&source->write_index);
    if (index == 0 || stream.memory == NULL || stream.is_truncated)
        return false;
    const struct slot *newest = &source->slots[(index - 1) % SLOT_COUNT];
    for (int i = 0; i < (int)options.relay_copies; i++)
        newest = memcpy(&buffers[i % 2], newest, sizeof *newest);
    struct copying how = copying;
    how.pause_ns = 0; /* only the cameras pause */
    struct write_times times;
    uint32_t write = ring_write(&stream, newest, &how, &times);
    log_relayed(&stream.memory->slots[write % SLOT_COUNT], write, &times);
    return true;
}

static void *run_relay(void *unused) {
    int64_t due_ns = monotonic_ns();
    while (!is_stopping) {
        while (commands_waiting) /* else this loop would take the lock again before they can */
            sched_yield();
        pthread_mutex_lock(&relay_lock);
        bool has_written = relay_once();
        pthread_mutex_unlock(&relay_lock);
        if (!has_written)
            sleep_until(monotonic_ns() + MS);
        if (options.relay_rate > 0) {
            due_ns += (int64_t)((double)SECOND / options.relay_rate);
            if (due_ns < monotonic_ns())
                due_ns = monotonic_ns();
            sleep_until(due_ns);
        }
    }
    return unused;
}

/* ---- commands ---- */

static void answer(const char *result, const char *text) {
    printf("%s %s\n", result, text);
    fflush(stdout);
}

/* All writers stand still between these two. */
static void lock_all(void) {
    commands_waiting++;
    for (int i = 0; i < camera_count; i++)
        pthread_mutex_lock(&cameras[i].lock);
    pthread_mutex_lock(&relay_lock);
}

static void unlock_all(void) {
    pthread_mutex_unlock(&relay_lock);
    for (int i = 0; i < camera_count; i++) {
        pthread_cond_signal(&cameras[i].changed);
        pthread_mutex_unlock(&cameras[i].lock);
    }
    commands_waiting--;
}

/* A daemon that restarts has a new encoder: it begins with an IDR and with frame_number 0. The
 * switcher's cameras live on while it restarts. */
static void restart_encoders(void) {
    for (int i = 0; i < CAMERAS && !options.relay; i++)
        encoder_start(&encoders[i], 0);
}

static void restart_by_unlink(int64_t absent_ms) {
    ring_unlink(&stream);
    unlock_all();
    sleep_until(monotonic_ns() + absent_ms * MS);
    lock_all();
    ring_create(&stream, options.segment, 0);
    restart_encoders();
}

/* The other camera's encoder has been running all the time: it is in the middle of a GOP. */
static void switch_camera(int camera_id) {
    active_camera = camera_id;
    if (options.relay || cameras[DAY].encoder == &encoders[camera_id])
        return;
    struct encoder *encoder = cameras[DAY].encoder = &encoders[camera_id];
    encoder->has_sent_headers = false; /* not into this segment */
    do
        encoder_skip(encoder);
    while (encoder->position != encoder->gop / 2);
}

/* Called with all locks held. */
static bool obey(const char *name, double value) {
    struct camera *camera = &cameras[options.relay ? active_camera : DAY];
    if (strcmp(name, "start") == 0) {
        for (int i = 0; i < camera_count; i++)
            cameras[i].is_held = false;
    } else if (strcmp(name, "write") == 0) {
        if (camera->ring->memory == NULL || camera->ring->is_truncated)
            return false;
        for (int i = 0; i < (int)value; i++)
            write_picture(camera, monotonic_ns() - encode_delay_ns());
    } else if (strcmp(name, "stall") == 0) {
        for (int i = 0; i < camera_count; i++)
            cameras[i].stalled_until_ns = monotonic_ns() + (int64_t)value * MS;
    } else if (strcmp(name, "restart-unlink") == 0) {
        restart_by_unlink((int64_t)value);
    } else if (strcmp(name, "restart-inplace") == 0) {
        if (stream.memory == NULL || stream.is_truncated)
            return false;
        ring_restart_in_place(&stream);
        restart_encoders();
    } else if (strcmp(name, "camera") == 0 && (value == DAY || value == NIGHT)) {
        switch_camera((int)value);
    } else if (strcmp(name, "gap") == 0) {
        for (int i = 0; i < (int)value; i++)
            encoder_skip(camera->encoder);
    } else if (strcmp(name, "fps") == 0 && value > 0) {
        camera->fps = value;
    } else if (strcmp(name, "truncate") == 0) {
        return ring_truncate(&stream, (int64_t)value);
    } else if (strcmp(name, "log") == 0 && options.log != NULL) {
        log_save(options.log, picture_logs, CAMERAS, &relay_log);
    } else {
        return false;
    }
    return true;
}

static void obey_line(char *line) {
    char name[32] = "";
    double value = 0;
    line[strcspn(line, "\n")] = 0;
    sscanf(line, "%31s %lf", name, &value);
    lock_all();
    bool is_done = obey(name, value);
    unlock_all();
    answer(is_done ? "ok" : "error", line);
}

static void obey_commands(void) {
    char line[128];
    while (fgets(line, sizeof line, stdin) != NULL && strncmp(line, "quit", 4) != 0)
        obey_line(line);
}

/* ---- beginning and end ---- */

static void on_signal(int number) {
    (void)number;
    is_stopping = true;
    close(STDIN_FILENO); /* fgets() ends, even when it was only about to wait */
}

static _Noreturn void refuse(const char *what) {
    fprintf(stderr, "writer: %s\n", what);
    exit(2);
}

static const char *with_suffix(const char *url, const char *suffix, int key_step) {
    char *name = malloc(strlen(url) + 32);
    if (name == NULL)
        fail("malloc");
    if (strncmp(url, "sysv:", 5) == 0)
        sprintf(name, "sysv:%#lx", strtoul(url + 5, NULL, 0) + (unsigned long)key_step);
    else
        sprintf(name, "%s%s", url, suffix);
    return name;
}

static void parse_options(int count, char **arguments) {
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
}

static void parse_copying(void) {
    copying.chunk_bytes = (size_t)options.chunk;
    copying.pause_ns = (int64_t)(options.pause_ms * (double)MS);
    copying.order = strcmp(options.copy, "forward") == 0    ? COPY_FORWARD
                    : strcmp(options.copy, "backward") == 0 ? COPY_BACKWARD
                                                            : COPY_MEMCPY;
    if (strcmp(options.pause_at, "header") == 0)
        copying.pause_offset = offsetof(struct slot, camera_id);
    else if (strcmp(options.pause_at, "data") != 0)
        copying.pause_offset = strtoul(options.pause_at, NULL, 0);
    if (copying.pause_offset > sizeof(struct slot))
        refuse("--pause-at");
}

static void set_up_encoder(int camera_id, const char *footage) {
    struct encoder *encoder = &encoders[camera_id];
    *encoder = (struct encoder){
        .camera_id = camera_id,
        .width = (int)options.width,
        .height = (int)options.height,
        .gop = (int)options.gop,
        .headers_every = (int)options.headers_every,
        .log2_max_frame_num = (int)options.log2_max_frame_num + camera_id,
        .slice_count = (int)options.slices,
        .bits_per_second = options.bitrate,
        .size_min = (size_t)options.size_min,
        .size_max = (size_t)options.size_max,
        .random = (uint64_t)options.seed * CAMERAS + (uint64_t)camera_id + 1,
    };
    if (footage != NULL)
        footage_load(encoder, footage);
    encoder_start(encoder, (uint64_t)options.frame_number);
}

static void set_up_camera(int i, struct ring *ring, struct encoder *encoder, double fps) {
    struct camera *camera = &cameras[i];
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&camera->changed, &attributes);
    pthread_mutex_init(&camera->lock, NULL);
    camera->ring = ring;
    camera->encoder = encoder;
    camera->log = &picture_logs[i];
    camera->fps = fps;
    camera->is_held = options.hold;
}

static void set_up(void) {
    set_up_encoder(DAY, options.source);
    set_up_encoder(NIGHT, options.night_source ? options.night_source : options.source);
    active_camera = options.camera_id == NIGHT ? NIGHT : DAY;
    for (int i = 0; i < CAMERAS; i++)
        picture_logs[i].rows = log_reserve(sizeof(struct picture_row));
    relay_log.rows = log_reserve(sizeof(struct relay_row));
    ring_create(&stream, options.segment, (uint32_t)options.start_index);
    if (!options.relay) {
        camera_count = 1;
        set_up_camera(DAY, &stream, &encoders[active_camera], options.fps);
        return;
    }
    camera_count = CAMERAS;
    ring_create(&camera_rings[DAY],
                options.day ? options.day : with_suffix(options.segment, "_day", 1), 0);
    ring_create(&camera_rings[NIGHT],
                options.night ? options.night : with_suffix(options.segment, "_night", 2), 0);
    set_up_camera(DAY, &camera_rings[DAY], &encoders[DAY], options.fps);
    set_up_camera(NIGHT, &camera_rings[NIGHT], &encoders[NIGHT], options.night_fps);
}

int main(int count, char **arguments) {
    pthread_t threads[CAMERAS + 1];
    int thread_count = 0;
    parse_options(count, arguments);
    parse_copying();
    set_up();
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < camera_count; i++)
        pthread_create(&threads[thread_count++], NULL, run_camera, &cameras[i]);
    if (options.relay)
        pthread_create(&threads[thread_count++], NULL, run_relay, NULL);
    obey_commands();
    is_stopping = true;
    lock_all();
    unlock_all();
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    if (options.log != NULL)
        log_save(options.log, picture_logs, CAMERAS, &relay_log);
    if (!options.keep) {
        ring_unlink(&stream);
        ring_unlink(&camera_rings[DAY]);
        ring_unlink(&camera_rings[NIGHT]);
    }
    return 0;
}
