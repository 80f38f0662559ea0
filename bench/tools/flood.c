/* SPDX-License-Identifier: MIT
 *
 * flood ADDRESS PORT SECONDS RATE... - several client networks at once: the n-th RATE (queries a second) comes from
 * 127.0.(n+1).1 and asks qN.z000000.lab. What is sent in the first second is not measured, so that the program under
 * test has seen what comes. Prints a line for each network: sent, answered, p50 and p99 of the answers in microseconds,
 * and sent and answered with those of the first second. One core has to ask more than another answers, so what is due
 * at once leaves as segments of one message (UDP_SEGMENT), and arrives as datagrams.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { most = 8, batch = 64, ids = 65536, room = 1500, step_us = 50, steps = 100000, query_bytes = 36 };
static const double lead = 1, patience = 1;

struct network {
    int fd;
    double rate, due;
    uint64_t sent, answered, all_sent, all_answered;
    uint16_t id;
    double at[ids];
    uint32_t times[steps];
};
static struct network networks[most];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void open_network(struct network *one, int number, const struct sockaddr_in *server) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(0x7f000001u | (uint32_t)(number + 1) << 8);
    const int bytes = 4 << 20;
    one->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const int segment = query_bytes;
    setsockopt(one->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(one->fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    if (bind(one->fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        connect(one->fd, (const struct sockaddr *)server, sizeof *server) != 0) {
        perror("flood");
        exit(1);
    }
}

static void write_query(uint8_t *at, uint16_t id) {
    static const uint8_t header[12] = {0, 0, 1, 0, 0, 1};
    static const char rest[] = "\7z000000\3lab\0\0\1\0\1";
    memcpy(at, header, sizeof header);
    at[0] = (uint8_t)(id >> 8);
    at[1] = (uint8_t)id;
    sprintf((char *)at + 12, "\6q%05u", id);
    memcpy(at + 19, rest, sizeof rest - 1);
}

static void ask(struct network *one, double time, double from) {
    static uint8_t bytes[batch * query_bytes];
    unsigned count = 0;
    while (count < batch && one->due <= time) {
        const uint16_t id = one->id++;
        one->at[id] = time;
        write_query(bytes + count * query_bytes, id);
        one->due += 1 / one->rate;
        ++count;
    }
    if (count == 0) return;
    if (send(one->fd, bytes, count * query_bytes, 0) < 0) perror("flood");
    one->all_sent += count;
    if (time >= from) one->sent += count;
}

static void take(struct network *one, double from) {
    static uint8_t bytes[batch][room];
    struct iovec vectors[batch];
    struct mmsghdr headers[batch];
    memset(headers, 0, sizeof headers);
    for (int i = 0; i < batch; ++i) {
        vectors[i] = (struct iovec){bytes[i], room};
        headers[i].msg_hdr.msg_iov = &vectors[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(one->fd, headers, batch, MSG_DONTWAIT, NULL);
    const double time = now();
    for (int i = 0; i < count; ++i) {
        if (headers[i].msg_len < 12 || (bytes[i][3] & 15) != 0) continue; /* an error is no answer */
        const uint16_t id = (uint16_t)(bytes[i][0] << 8 | bytes[i][1]);
        if (one->at[id] == 0) continue;
        const double asked = one->at[id], step = (time - asked) * 1e6 / step_us;
        one->at[id] = 0;
        ++one->all_answered;
        if (asked < from) continue;
        ++one->times[step < steps - 1 ? (size_t)step : steps - 1];
        ++one->answered;
    }
}

static unsigned quantile(const struct network *one, double share) {
    uint64_t seen = 0;
    for (unsigned i = 0; i < steps; ++i) {
        seen += one->times[i];
        if ((double)seen >= share * (double)one->answered) return (i + 1) * step_us;
    }
    return 0;
}

int main(int count, char **arguments) {
    if (count < 5 || count - 4 > most) {
        fprintf(stderr, "usage: flood ADDRESS PORT SECONDS RATE... (at most %d)\n", most);
        return 2;
    }
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[2]))};
    inet_pton(AF_INET, arguments[1], &server.sin_addr);
    const int used = count - 4;
    const double begin = now(), from = begin + lead, end = from + atof(arguments[3]);
    for (int i = 0; i < used; ++i) {
        open_network(&networks[i], i, &server);
        networks[i].rate = atof(arguments[4 + i]);
        networks[i].due = begin;
    }
    for (double time = begin; time < end + patience; time = now()) {
        for (int i = 0; i < used; ++i) {
            if (time < end) ask(&networks[i], time, from);
            take(&networks[i], from);
        }
    }
    for (int i = 0; i < used; ++i) {
        const struct network *one = &networks[i];
        printf("sent=%llu answered=%llu p50=%u p99=%u all_sent=%llu all_answered=%llu\n", (unsigned long long)one->sent,
               (unsigned long long)one->answered, quantile(one, 0.5), quantile(one, 0.99),
               (unsigned long long)one->all_sent, (unsigned long long)one->all_answered);
    }
    return 0;
}
