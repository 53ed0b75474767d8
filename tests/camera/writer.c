/* A camera for tests. Behaves like the daemons on the board, never politely.
 *
 *   writer --segment /name [options]            one daemon, each picture once
 *   writer --segment /name --relay [options]    the switcher: two camera daemons write /name_day
 *                                               and /name_night, and a loop without pause copies
 *                                               the newest slot of the active one into /name
 *
 * Prints `ready` when the segments exist, `done` when --count pictures are written, and `ok ...` or
 * `error ...` for each command, one a line on stdin:
 *
 *   start                 begin (with --hold)
 *   write N               the active camera writes N pictures at once, apart from its schedule
 *   stall MS              no camera makes a picture for so long (a relay goes on repeating)
 *   freeze MS             the relay stands still for so long
 *   restart-unlink [MS]   remove the segment and, MS later, make a new one
 *   restart-inplace       zero the segment and begin anew in it
 *   update LAYOUT         as restart-unlink, with a daemon of that layout (no relay)
 *   update-inplace LAYOUT as restart-inplace; the segment gets that layout's size
 *   camera 0|1            the other camera becomes the active one
 *   restart-camera 0|1    behind a relay: its ring is made anew, its encoder begins anew
 *   unlink-camera 0|1     its ring is removed; it writes on into what nobody can open
 *   stall-camera 0|1      it stands still
 *   gap N                 the encoder's next N pictures are lost
 *   fps X                 another rate
 *   truncate BYTES        shorten the segment; nothing is written until the next restart-unlink
 *   log                   write the log file now
 *   quit                  (also SIGTERM, or the end of stdin)
 *
 * ring.c shows how the daemons write a slot, daemons.c when, encoder.c what.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemons.h"
#include "encoder.h"
#include "log.h"
#include "options.h"
#include "ring.h"

static struct encoder encoders[CAMERAS];
static struct camera cameras[CAMERAS]; /* only the first without a relay */
static struct switcher switcher;
static struct ring stream, camera_rings[CAMERAS]; /* camera_rings are the relay's sources */
static struct picture_log picture_logs[CAMERAS];
static struct relay_log relay_log;
static int camera_count;

/* ---- commands ---- */

static void answer(const char *result, const char *text) {
    printf("%s %s\n", result, text);
    fflush(stdout);
}

/* All daemons stand still between these two. */
static void lock_all(void) {
    for (int i = 0; i < camera_count; i++)
        pthread_mutex_lock(&cameras[i].lock);
    switcher.is_wanted = true;
    pthread_mutex_lock(&switcher.lock);
    switcher.is_wanted = false;
}

static void unlock_all(void) {
    pthread_mutex_unlock(&switcher.lock);
    for (int i = 0; i < camera_count; i++) {
        pthread_cond_signal(&cameras[i].changed);
        pthread_mutex_unlock(&cameras[i].lock);
    }
}

/* A daemon that restarts has a new encoder: it begins with an IDR and with frame_number 0. The
 * switcher's cameras live on while it restarts. */
static void restart_encoders(void) {
    for (int i = 0; i < CAMERAS && !options.relay; i++)
        encoder_start(&encoders[i], 0);
}

static void restart_by_unlink(const struct layout *layout, int64_t absent_ms) {
    ring_unlink(&stream);
    unlock_all();
    sleep_until(monotonic_ns() + absent_ms * MS);
    lock_all();
    ring_create(&stream, options.segment, layout, 0);
    restart_encoders();
}

/* The other camera's encoder has been running all the time: it is in the middle of a GOP. */
static void switch_camera(int camera_id) {
    switcher.active_camera = camera_id;
    for (int i = 0; i < CAMERAS && options.relay && options.swap_rates; i++)
        camera_set_fps(&cameras[i], i == camera_id ? options.fps : options.night_fps);
    if (options.relay || cameras[DAY].encoder == &encoders[camera_id])
        return;
    struct encoder *encoder = cameras[DAY].encoder = &encoders[camera_id];
    encoder->has_sent_headers = false; /* not into this segment */
    for (int i = 0; i < 1 + encoder->gop / 2; i++)
        encoder_skip(encoder);
    if (encoder_is_at_idr(encoder))
        encoder_skip(encoder);
}

/* A newer, or older, daemon takes over. */
static bool update(const char *name, const struct layout *layout) {
    if (layout == NULL || options.relay || !ring_is_writable(&stream))
        return false;
    if (strcmp(name, "update") == 0)
        restart_by_unlink(layout, 0);
    else if (!ring_update_in_place(&stream, layout))
        return false;
    restart_encoders();
    return true;
}

/* Called with all locks held. */
static bool obey(const char *name, double value) {
    struct camera *camera = &cameras[options.relay ? switcher.active_camera : DAY];
    if (strcmp(name, "start") == 0) {
        for (int i = 0; i < camera_count; i++)
            cameras[i].is_held = false;
    } else if (strcmp(name, "write") == 0) {
        if (!ring_is_writable(camera->ring))
            return false;
        for (int i = 0; i < (int)value; i++)
            camera_write(camera);
    } else if (strcmp(name, "stall") == 0) {
        for (int i = 0; i < camera_count; i++)
            cameras[i].stalled_until_ns = monotonic_ns() + (int64_t)value * MS;
    } else if (strcmp(name, "freeze") == 0) {
        switcher.frozen_until_ns = monotonic_ns() + (int64_t)value * MS;
    } else if (strcmp(name, "restart-unlink") == 0) {
        restart_by_unlink(stream.layout, (int64_t)value);
    } else if (strcmp(name, "restart-inplace") == 0) {
        if (!ring_is_writable(&stream))
            return false;
        ring_restart_in_place(&stream);
        restart_encoders();
    } else if (strcmp(name, "camera") == 0 && (value == DAY || value == NIGHT)) {
        switch_camera((int)value);
    } else if (strcmp(name, "restart-camera") == 0 && options.relay) {
        ring_unlink(&camera_rings[(int)value]);
        ring_create(&camera_rings[(int)value], camera_rings[(int)value].url, options.layout, 0);
        encoder_start(&encoders[(int)value], 0);
    } else if (strcmp(name, "unlink-camera") == 0 && options.relay) {
        shm_unlink(camera_rings[(int)value].url);
    } else if (strcmp(name, "stall-camera") == 0 && options.relay) {
        cameras[(int)value].stalled_until_ns = INT64_MAX;
    } else if (strcmp(name, "gap") == 0) {
        for (int i = 0; i < (int)value; i++)
            encoder_skip(camera->encoder);
    } else if (strcmp(name, "fps") == 0 && value > 0) {
        camera->fps = value;
    } else if (strcmp(name, "truncate") == 0) {
        return ring_truncate(&stream, (int64_t)value);
    } else {
        return false;
    }
    return true;
}

static void save_log(void) {
    if (options.log != NULL)
        log_save(options.log, picture_logs, CAMERAS, &relay_log);
}

static void obey_line(char *line) {
    char name[32] = "", value[32] = "";
    line[strcspn(line, "\n")] = 0;
    sscanf(line, "%31s %31s", name, value);
    if (strcmp(name, "log") == 0) { /* does not hold up the daemons */
        save_log();
        answer("ok", line);
        return;
    }
    lock_all();
    bool is_done = strncmp(name, "update", 6) == 0 ? update(name, layout_named(value))
                                                   : obey(name, strtod(value, NULL));
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
    close(STDIN_FILENO); /* fgets() ends, even when it was only about to wait */
}

/* Signals reach the main thread, which is the one that waits for commands. */
static void set_up_signals(sigset_t *signals) {
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, signals, NULL); /* inherited by the threads */
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
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

static void set_up_encoder(int camera_id, const char *footage) {
    struct encoder *encoder = &encoders[camera_id];
    *encoder = (struct encoder){
        .camera_id = camera_id,
        .format = {.width = (int)options.width,
                   .height = (int)options.height,
                   .log2_max_frame_num = (int)options.log2_max_frame_num + camera_id,
                   .is_main_profile = camera_id == NIGHT},
        .gop = (int)options.gop,
        .headers_every = (int)options.headers_every,
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
    camera->reports_done = i == DAY;
}

static void set_up(void) {
    set_up_encoder(DAY, options.source);
    set_up_encoder(NIGHT, options.night_source ? options.night_source : options.source);
    switcher = (struct switcher){
        .cameras = cameras,
        .ring = &stream,
        .log = &relay_log,
        .active_camera = options.camera_id == NIGHT ? NIGHT : DAY,
    };
    pthread_mutex_init(&switcher.lock, NULL);
    for (int i = 0; i < CAMERAS; i++)
        picture_logs[i].rows = log_reserve(sizeof(struct picture_row));
    relay_log.rows = log_reserve(sizeof(struct relay_row));
    ring_create(&stream, options.segment, options.layout, (uint32_t)options.start_index);
    if (!options.relay) {
        camera_count = 1;
        set_up_camera(DAY, &stream, &encoders[switcher.active_camera], options.fps);
        return;
    }
    camera_count = CAMERAS;
    ring_create(&camera_rings[DAY],
                options.day ? options.day : with_suffix(options.segment, "_day", 1),
                options.layout, 0);
    ring_create(&camera_rings[NIGHT],
                options.night ? options.night : with_suffix(options.segment, "_night", 2),
                options.layout, 0);
    set_up_camera(DAY, &camera_rings[DAY], &encoders[DAY], options.fps);
    set_up_camera(NIGHT, &camera_rings[NIGHT], &encoders[NIGHT], options.night_fps);
}

int main(int count, char **arguments) {
    pthread_t threads[CAMERAS + 1];
    int thread_count = 0;
    sigset_t signals;
    options_parse(count, arguments);
    set_up();
    set_up_signals(&signals);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < camera_count; i++)
        pthread_create(&threads[thread_count++], NULL, run_camera, &cameras[i]);
    if (options.relay)
        pthread_create(&threads[thread_count++], NULL, run_switcher, &switcher);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    obey_commands();
    is_stopping = true;
    lock_all();
    unlock_all();
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    save_log();
    if (!options.keep) {
        ring_unlink(&stream);
        ring_unlink(&camera_rings[DAY]);
        ring_unlink(&camera_rings[NIGHT]);
    }
    return 0;
}
