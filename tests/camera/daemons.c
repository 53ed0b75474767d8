#define _GNU_SOURCE
#include "daemons.h"

#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

atomic_bool is_stopping;

/* ---- a camera daemon ---- */

static int64_t encode_delay_ns(void) { return (int64_t)(options.encode_delay_ms * (double)MS); }

static bool is_nth(const struct camera *camera, double every) {
    return every >= 1 && camera->ticks % (uint64_t)every == 0;
}

/* What the camera stamps a picture with that was taken at `captured_ns` of CLOCK_MONOTONIC. */
static int64_t stamp_ns(const struct camera *camera, int64_t captured_ns) {
    static int64_t started_ns;
    if (started_ns == 0)
        started_ns = captured_ns;
    int64_t stamp_ns = captured_ns;
    stamp_ns += (int64_t)((double)(captured_ns - started_ns) * options.clock_drift / 100);
    if (strcmp(options.clock, "zero") == 0)
        stamp_ns = 0;
    else if (strcmp(options.clock, "own") == 0)
        stamp_ns += 1000000 * SECOND;
    else if (strcmp(options.clock, "realtime") == 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        stamp_ns += now.tv_sec * SECOND + now.tv_nsec - monotonic_ns();
    }
    if (is_nth(camera, options.clock_wrong_every))
        stamp_ns += (int64_t)(options.clock_wrong_by_ms * (double)MS);
    return stamp_ns;
}

static struct slot_header *header_of(struct camera *camera) {
    return (struct slot_header *)camera->frame;
}

static uint8_t *data_of(struct camera *camera) {
    return camera->frame + camera->ring->layout->data_offset;
}

static enum picture_format format_of_pictures(void) {
    static const char *const names[] = {"jpeg", "nv12", "rgb", "h264", "h265"};
    for (int i = 0; i < 5; i++)
        if (strcmp(options.format, names[i]) == 0)
            return (enum picture_format)i;
    return FORMAT_H264;
}

static void fill_header(struct slot_header *frame, const struct encoder *encoder, int64_t capture_ns,
                        enum picture_format format, size_t size) {
    frame->capture_time = (struct time_spec){capture_ns / SECOND, capture_ns % SECOND};
    frame->camera_id = encoder->camera_id;
    frame->width = encoder->format.width;
    frame->height = encoder->format.height;
    frame->format = format;
    frame->data_size = size;
}

static struct copying copying_of(struct camera *camera) {
    struct copying how = options.copying;
    if (!is_nth(camera, options.pause_every))
        how.pause_ns = 0;
    if (strcmp(options.pause_at, "data") == 0)
        how.pause_offset = camera->ring->layout->data_offset + header_of(camera)->data_size / 2;
    return how;
}

/* Fills the frame with a JPEG or NV12 picture: a frame_number that no H.264 picture has. */
static void make_other_format(struct camera *camera, int64_t capture_ns, struct picture_row *row) {
    struct encoder *encoder = camera->encoder;
    bool is_jpeg = camera->ticks / (uint64_t)options.other_formats_every % 2;
    size_t nv12_size = (size_t)(encoder->format.width * encoder->format.height) * 3 / 2;
    size_t size = is_jpeg ? 40000 : nv12_size;
    memset(data_of(camera), is_jpeg ? 0xd8 : 0x80, size);
    fill_header(header_of(camera), encoder, capture_ns, is_jpeg ? FORMAT_JPEG : FORMAT_NV12, size);
    header_of(camera)->frame_number = encoder->frame_number++;
    row->stamp = (struct stamp){.camera_id = encoder->camera_id,
                                .frame_number = header_of(camera)->frame_number,
                                .capture_ns = capture_ns};
}

static void make_picture(struct camera *camera, int64_t capture_ns, struct picture_row *row) {
    struct encoded picture = encoder_encode(camera->encoder, data_of(camera), MAX_DATA_BYTES,
                                            capture_ns, camera->fps);
    fill_header(header_of(camera), camera->encoder, capture_ns, format_of_pictures(), picture.size);
    header_of(camera)->frame_number = picture.stamp.frame_number;
    row->stamp = picture.stamp;
    row->is_idr = picture.is_idr;
    row->frame_num = picture.frame_num;
}

static void write_picture(struct camera *camera, int64_t captured_ns) {
    struct picture_row *row = log_next_picture(camera->log);
    camera->ticks++;
    int64_t capture_ns = stamp_ns(camera, captured_ns);
    if (is_nth(camera, options.other_formats_every)) {
        make_other_format(camera, capture_ns, row);
    } else {
        make_picture(camera, capture_ns, row);
        camera->pictures++;
    }
    struct copying how = copying_of(camera);
    row->generation = camera->ring->generation;
    row->write = ring_write(camera->ring, camera->frame, &how, &row->times);
    row->format = header_of(camera)->format;
    row->size = header_of(camera)->data_size;
    camera->log->count++;
}

void camera_write(struct camera *camera) {
    write_picture(camera, monotonic_ns() - encode_delay_ns());
}

void camera_set_fps(struct camera *camera, double fps) {
    camera->is_due = fps > camera->fps;
    camera->fps = fps;
    pthread_cond_signal(&camera->changed);
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
void *run_camera(void *argument) {
    struct camera *camera = argument;
    int64_t tick_ns = monotonic_ns();
    pthread_mutex_lock(&camera->lock);
    while (!is_stopping && !is_finished(camera)) {
        int64_t now_ns = monotonic_ns();
        if (camera->is_due && tick_ns > now_ns)
            tick_ns = now_ns;
        camera->is_due = false;
        if (camera->is_held || !ring_is_writable(camera->ring)) {
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
    if (!is_stopping && camera->reports_done) {
        puts("done");
        fflush(stdout);
    }
    return NULL;
}

/* ---- the switcher daemon ---- */

static void log_relayed(struct switcher *switcher, uint32_t write,
                        const struct write_times *times) {
    const uint8_t *bytes = ring_slot(switcher->ring, write);
    const struct slot_header *slot = (const struct slot_header *)bytes;
    struct relay_row *row = log_next_relay(switcher->log);
    row->generation = switcher->ring->generation;
    row->write = write;
    row->times = *times;
    row->frame_number = slot->frame_number;
    row->capture_ns = slot->capture_time.seconds * SECOND + slot->capture_time.nanoseconds;
    row->camera_id = slot->camera_id;
    row->format = slot->format;
    row->size = slot->data_size;
    size_t size = slot->data_size < MAX_DATA_BYTES ? slot->data_size : MAX_DATA_BYTES;
    row->has_whole_bytes = stamp_verify(bytes + switcher->ring->layout->data_offset, size, &row->stamp);
    row->is_whole = row->has_whole_bytes && row->frame_number == row->stamp.frame_number &&
                    row->capture_ns == row->stamp.capture_ns &&
                    row->camera_id == row->stamp.camera_id;
    switcher->log->count++;
}

/* Copies the newest slot of the active ring, whether or not its camera is just writing it. */
static bool relay_once(struct switcher *switcher) {
    alignas(64) static uint8_t buffers[2][LARGEST_SLOT_BYTES];
    const struct ring *source = switcher->cameras[switcher->active_camera].ring;
    uint32_t index = atomic_load(ring_index(source));
    if (index == 0 || !ring_is_writable(switcher->ring) ||
        monotonic_ns() < switcher->frozen_until_ns)
        return false;
    const uint8_t *newest = ring_slot(source, index - 1);
    for (int i = 0; i < (int)options.relay_copies; i++)
        newest = memcpy(buffers[i % 2], newest, source->layout->slot_bytes);
    struct copying how = options.copying;
    how.pause_ns = 0;        /* only the cameras pause, */
    how.picture_only = false; /* and only they know how much is new */
    struct write_times times;
    uint32_t write = ring_write(switcher->ring, newest, &how, &times);
    log_relayed(switcher, write, &times);
    return true;
}

void *run_switcher(void *argument) {
    struct switcher *switcher = argument;
    int64_t due_ns = monotonic_ns();
    while (!is_stopping) {
        while (switcher->is_wanted)
            sched_yield();
        pthread_mutex_lock(&switcher->lock);
        bool has_written = relay_once(switcher);
        pthread_mutex_unlock(&switcher->lock);
        if (!has_written)
            sleep_until(monotonic_ns() + MS);
        if (options.relay_rate > 0) {
            due_ns += (int64_t)((double)SECOND / options.relay_rate);
            if (due_ns < monotonic_ns())
                due_ns = monotonic_ns();
            sleep_until(due_ns);
        }
    }
    return NULL;
}
