/* What media servers that know nothing of the camera's ring are fed by: pictures out of the shared
 * memory, as RTP (RFC 6184) to a UDP port of this machine.
 *
 *     feeder SEGMENT ADDRESS PORT PAYLOAD_TYPE
 *
 * It sleeps until shortly before the next picture is due, as a thrifty feeder does. The index is
 * raised before the bytes are there, so the old bytes of the slot are remembered: when none of them
 * is left, in every PROBE_EVERY bytes and at the end, the picture is whole. Where that can't be
 * told, COPYING_NS or the next write tell it.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SLOTS = 30,
    SLOTS_AT = 8,
    DATA_AT = 48,
    MAX_DATA = 3110400,
    SLOT_BYTES = DATA_AT + MAX_DATA,
    PACKET_BYTES = 1184, /* with room for the SRTP tag below 1 200 */
    RTP_HEADER = 12,
    MARKER = 0x80,
    FU_A = 28,
    PROBE_EVERY = 4096,
    PROBE_BYTES = 16,
    REMEMBERED = 1 << 18,
};
static const int64_t LOOK_NS = 100 * 1000, EARLY_NS = 2 * 1000 * 1000,
                     COPYING_NS = 5 * 1000 * 1000;

struct header {
    uint64_t number;
    int64_t seconds, nanoseconds;
    int32_t camera, width, height, format;
    uint64_t size;
};

static int udp;
static struct sockaddr_in target;
static uint16_t sequence;
static uint8_t payload_type;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec at = {at_ns / 1000000000LL, at_ns % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void send_packet(uint32_t timestamp, int is_last, const uint8_t *start, int start_bytes,
                        const uint8_t *data, size_t data_bytes)
{
    uint8_t packet[PACKET_BYTES];
    uint16_t number = htons(sequence++);
    uint32_t time = htonl(timestamp), ssrc = htonl(0x70657473);
    packet[0] = 0x80;
    packet[1] = payload_type | (is_last ? MARKER : 0);
    memcpy(packet + 2, &number, 2);
    memcpy(packet + 4, &time, 4);
    memcpy(packet + 8, &ssrc, 4);
    memcpy(packet + RTP_HEADER, start, start_bytes);
    memcpy(packet + RTP_HEADER + start_bytes, data, data_bytes);
    sendto(udp, packet, RTP_HEADER + start_bytes + data_bytes, 0, (struct sockaddr *)&target,
           sizeof target);
}

static void send_nal_unit(uint32_t timestamp, int is_last, const uint8_t *nal, size_t size)
{
    if (size <= PACKET_BYTES - RTP_HEADER) {
        send_packet(timestamp, is_last, nal, 0, nal, size);
        return;
    }
    const size_t most = PACKET_BYTES - RTP_HEADER - 2;
    uint8_t start[2] = {(nal[0] & 0x60) | FU_A, (nal[0] & 0x1f) | 0x80};
    for (size_t at = 1; at < size; at += most) {
        size_t part = size - at < most ? size - at : most;
        int ends = at + part == size;
        if (ends)
            start[1] |= 0x40;
        send_packet(timestamp, is_last && ends, start, 2, nal + at, part);
        start[1] &= 0x1f;
    }
}

/* The next start code's first byte, or `end`. */
static const uint8_t *next_start(const uint8_t *at, const uint8_t *end)
{
    for (; at + 3 <= end; at++)
        if (at[2] > 1)
            at += 2;
        else if (!at[0] && !at[1] && at[2] == 1)
            return at;
    return end;
}

static void send_picture(const struct header *header, const uint8_t *data)
{
    const uint8_t *end = data + header->size, *at = next_start(data, end);
    uint32_t timestamp =
        (header->seconds * 1000000000LL + header->nanoseconds) * 9 / 100000;
    while (at < end) {
        const uint8_t *nal = at + 3, *next = next_start(nal, end), *last = next;
        while (last > nal && !last[-1])
            last--;
        if (last > nal)
            send_nal_unit(timestamp, next == end, nal, last - nal);
        at = next;
    }
}

static const uint8_t *ring;
static uint8_t before[DATA_AT + REMEMBERED];

static const uint8_t *slot_of(uint32_t write)
{
    return ring + SLOTS_AT + (size_t)(write % SLOTS) * SLOT_BYTES;
}

/* Whether nothing is left of what the slot held before. */
static int is_replaced(const uint8_t *slot, size_t size)
{
    if (size > REMEMBERED || !memcmp(before, slot, 8) || !memcmp(before + 40, slot + 40, 8))
        return 0;
    for (size_t end = PROBE_EVERY;; end += PROBE_EVERY) {
        if (end > size)
            end = size;
        size_t start = end > PROBE_BYTES ? end - PROBE_BYTES : 0;
        if (!memcmp(before + DATA_AT + start, slot + DATA_AT + start, end - start))
            return 0;
        if (end == size)
            return 1;
    }
}

int main(int argc, char **argv)
{
    static uint8_t data[MAX_DATA];
    if (argc != 5)
        return 2;
    int segment = shm_open(argv[1], O_RDONLY, 0);
    udp = socket(AF_INET, SOCK_DGRAM, 0);
    target.sin_family = AF_INET;
    target.sin_port = htons(atoi(argv[3]));
    payload_type = atoi(argv[4]);
    if (segment < 0 || udp < 0 || !inet_aton(argv[2], &target.sin_addr)) {
        perror("feeder");
        return 1;
    }
    ring = mmap(NULL, SLOTS_AT + (size_t)SLOTS * SLOT_BYTES, PROT_READ, MAP_SHARED, segment, 0);
    if (ring == MAP_FAILED) {
        perror("feeder");
        return 1;
    }
    const _Atomic uint32_t *index = (const _Atomic uint32_t *)ring;
    uint32_t next = atomic_load(index);
    int64_t came_ns = 0, interval_ns = 0;
    for (;;) {
        const uint8_t *slot = slot_of(next);
        memcpy(before, slot, sizeof before);
        int is_remembered = atomic_load(index) == next;
        if (is_remembered && came_ns && interval_ns > 2 * EARLY_NS && interval_ns < 1000000000)
            sleep_until(came_ns + interval_ns - EARLY_NS);
        while (atomic_load(index) == next)
            sleep_until(now_ns() + LOOK_NS);
        int64_t now = now_ns();
        if (came_ns)
            interval_ns = interval_ns ? (7 * interval_ns + now - came_ns) / 8 : now - came_ns;
        came_ns = now;
        struct header header;
        for (;;) {
            memcpy(&header, slot, sizeof header);
            if (is_remembered && header.size <= MAX_DATA && is_replaced(slot, header.size))
                break;
            if (atomic_load(index) != next + 1 || (!is_remembered && now_ns() - now > COPYING_NS))
                break;
            sleep_until(now_ns() + LOOK_NS);
        }
        memcpy(&header, slot, sizeof header);
        if (header.size <= MAX_DATA) {
            memcpy(data, slot + DATA_AT, header.size);
            send_picture(&header, data);
        }
        next++;
    }
}
