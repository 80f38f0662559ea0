/* SPDX-License-Identifier: MIT
 *
 * load_client ADDRESS PORT RATE SECONDS ZONES MARKERS - asks qN.zK.test at a steady rate, K from 0 to
 * ZONES - 1, and expects the A record 192.0.2.(K % MARKERS + 1). Each query is asked once and waited for
 * PATIENCE seconds. Prints one line: sent, answered, wrong (another record or an error), lost, and of all that were
 * answered the times in microseconds: p50, p99, p999, max. On standard error a line for each wrong answer, TOLD at the
 * most: when it was asked (CLOCK_MONOTONIC), how long it took, what was asked, rcode, Extended DNS Error and last byte
 * of the record (-1: none).
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { sockets = 16, ids = 65536, room = 1500, step_us = 20, steps = 500000, told = 1000 };
static const double patience = 8;

struct asked {
    double at;
    unsigned number, zone;
    uint8_t waiting, marker;
};

static int fds[sockets];
static struct asked asked[sockets][ids];
static uint16_t next_id[sockets];
static uint32_t times[steps]; /* answers by time, in steps */
static uint64_t sent, answered, wrong, overrun;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t put_label(uint8_t *at, const char *text) {
    const size_t length = strlen(text);
    at[0] = (uint8_t)length;
    memcpy(at + 1, text, length);
    return length + 1;
}

static void ask(unsigned zone, unsigned marker) {
    const int s = (int)(sent % sockets);
    const uint16_t id = next_id[s]++;
    struct asked *slot = &asked[s][id];
    uint8_t message[64] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    char text[24];
    size_t length = 12;
    if (slot->waiting) ++overrun; /* unanswered for a whole round of IDs: counted as lost below */
    snprintf(text, sizeof text, "q%u", (unsigned)sent);
    length += put_label(message + length, text);
    snprintf(text, sizeof text, "z%u", zone);
    length += put_label(message + length, text);
    length += put_label(message + length, "test");
    /* With EDNS: an error says why. */
    const uint8_t tail[] = {0, 0, 1, 0, 1, 0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0};
    memcpy(message + length, tail, sizeof tail);
    *slot = (struct asked){now(), (unsigned)sent, zone, 1, (uint8_t)marker};
    ++sent;
    if (send(fds[s], message, length + sizeof tail, 0) < 0) perror("send");
}

static size_t behind_name(const uint8_t *message, size_t length, size_t at) {
    while (at < length && message[at] != 0 && message[at] < 0xc0) at += message[at] + 1u;
    return at + (at < length && message[at] >= 0xc0 ? 2 : 1);
}

/* The last byte of the first record, an A record; -1 where there is none. */
static int marker_of(const uint8_t *message, size_t length) {
    const size_t record = behind_name(message, length, behind_name(message, length, 12) + 4) + 10;
    return message[7] == 1 && record + 4 <= length ? message[record + 3] : -1;
}

/* The info-code of the Extended DNS Error (RFC 8914) in an answer that has nothing but its question and an OPT. */
static int extended_error(const uint8_t *message, size_t length) {
    const size_t option = behind_name(message, length, 12) + 4 + 11;
    if (message[7] != 0 || message[11] != 1 || option + 6 > length || message[option + 1] != 15) return -1;
    return message[option + 4] << 8 | message[option + 5];
}

static void tell(const struct asked *slot, double at, const uint8_t *message, size_t length) {
    if (wrong > told) return;
    fprintf(stderr, "asked=%.3f took=%.3f name=q%u.z%u.test rcode=%d error=%d marker=%d\n", slot->at, at - slot->at,
            slot->number, slot->zone, message[3] & 15, extended_error(message, length), marker_of(message, length));
}

static void receive(int s) {
    uint8_t message[room];
    ssize_t length;
    while ((length = recv(fds[s], message, sizeof message, MSG_DONTWAIT)) >= 12) {
        struct asked *slot = &asked[s][message[0] << 8 | message[1]];
        if (!slot->waiting) continue;
        slot->waiting = 0;
        ++answered;
        const double at = now(), step = (at - slot->at) * 1e6 / step_us;
        ++times[step < steps ? (size_t)step : steps - 1];
        const int good = (message[3] & 15) == 0 && marker_of(message, (size_t)length) == slot->marker;
        if (good) continue;
        ++wrong;
        tell(slot, at, message, (size_t)length);
    }
}

static void receive_all(int milliseconds) {
    struct pollfd waits[sockets];
    for (int s = 0; s < sockets; ++s) waits[s] = (struct pollfd){fds[s], POLLIN, 0};
    if (poll(waits, sockets, milliseconds) <= 0) return;
    for (int s = 0; s < sockets; ++s) {
        if (waits[s].revents) receive(s);
    }
}

/* Within which time that share of the answers came, in microseconds. */
static unsigned within(double share) {
    uint64_t seen = 0;
    size_t step = 0;
    while (step < steps - 1 && (double)(seen += times[step]) < share * (double)answered) ++step;
    return (unsigned)(step + 1) * step_us;
}

int main(int argc, char **argv) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc != 7 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) return 2;
    to.sin_port = htons((uint16_t)atoi(argv[2]));
    const double rate = atof(argv[3]), seconds = atof(argv[4]);
    const unsigned zones = (unsigned)atoi(argv[5]), markers = (unsigned)atoi(argv[6]);
    for (int s = 0; s < sockets; ++s) {
        const int bytes = 4 << 20;
        fds[s] = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(fds[s], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        if (connect(fds[s], (struct sockaddr *)&to, sizeof to)) return 2;
    }
    const double began = now(), most = rate * seconds;
    while ((double)sent < most) {
        const double due = (now() - began) * rate;
        for (int burst = 0; burst < 64 && (double)sent < due && (double)sent < most; ++burst) {
            const unsigned zone = (unsigned)(sent * 7919 % zones);
            ask(zone, zone % markers + 1);
        }
        receive_all(1);
    }
    for (const double end = now() + patience; answered + overrun < sent && now() < end;) receive_all(50);
    printf("sent=%llu answered=%llu wrong=%llu lost=%llu p50=%u p99=%u p999=%u max=%u\n", (unsigned long long)sent,
           (unsigned long long)answered, (unsigned long long)wrong, (unsigned long long)(sent - answered), within(0.5),
           within(0.99), within(0.999), within(1));
    return 0;
}
