/* SPDX-License-Identifier: MIT
 *
 * client - UDP load for measuring proxies on 127.0.0.1. Keeps a number of queries in flight (window), or sends at a
 * steady rate, from sixteen ports with random IDs; checks that each answer came from the right upstream; and reads
 * the CPU time of the process under test over exactly the measured time.
 *
 *   client PORT QUERIES SECONDS window=N|rate=N [pid=N] [check=0]     one line of key=value
 *   client PORT QUERIES first=N      asks until something answers without an error; prints the monotonic clock in ns
 *
 * QUERIES: a file of lines `name marker`; the answer's last byte must be the marker. Queries begin half a second
 * before the measured time. A query without an answer after one second is lost. Times are in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cpu_time.h"

enum { sockets = 16, ids = 65536, batch = 64, room = 1500, most_queries = 1 << 20, ring_size = 1 << 20 };
enum { parts_of_octave = 64, octaves = 40 };
static const uint64_t second = 1000000000, lead = 500000000, patience = 1000000000;

struct query {
    uint8_t *wire;
    uint16_t length;
    uint8_t marker;
};

struct asked {
    uint64_t at; /* 0: free */
    uint8_t marker, measured;
};

struct socket_state {
    int fd;
    struct asked *asked;
};

static struct query *queries;
static uint32_t query_count, next_query;
static struct socket_state state[sockets];
static struct {
    uint64_t at;
    uint16_t id;
    uint8_t socket;
} ring[ring_size]; /* in the order of sending, for those that are lost */
static uint32_t ring_first, ring_end;
static int64_t in_flight;
static uint64_t sent, answered, answers_in_time, wrong, lost, histogram[octaves * parts_of_octave];
static int measuring, checking = 1;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

static uint16_t random_id(void) {
    static uint16_t pool[2048];
    static unsigned left;
    if (left == 0) left = (unsigned)(getrandom(pool, sizeof pool, 0) / 2);
    return pool[--left];
}

static size_t put_name(uint8_t *out, const char *name) {
    size_t at = 0;
    while (*name) {
        const size_t label = strcspn(name, ".");
        out[at++] = (uint8_t)label;
        memcpy(out + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    out[at++] = 0;
    return at;
}

static void read_queries(const char *path) {
    FILE *file = fopen(path, "r");
    char name[300];
    int marker;
    if (!file) {
        perror(path);
        exit(2);
    }
    queries = calloc(most_queries, sizeof *queries);
    while (query_count < most_queries && fscanf(file, "%255s %d", name, &marker) == 2) {
        uint8_t wire[300] = {0, 0, 1, 0, 0, 1};
        size_t length = 12 + put_name(wire + 12, name);
        const uint8_t type_and_class[] = {0, 1, 0, 1};
        memcpy(wire + length, type_and_class, sizeof type_and_class);
        length += sizeof type_and_class;
        struct query *query = &queries[query_count++];
        query->wire = memcpy(malloc(length), wire, length);
        query->length = (uint16_t)length;
        query->marker = (uint8_t)marker;
    }
    fclose(file);
}

static size_t bucket_of(uint64_t ns) {
    if (ns < parts_of_octave) return (size_t)ns;
    const unsigned octave = 63u - (unsigned)__builtin_clzll(ns) - 6;
    const size_t bucket = (octave + 1) * parts_of_octave + (ns >> octave) - parts_of_octave;
    return bucket < octaves * parts_of_octave ? bucket : octaves * parts_of_octave - 1;
}

static double within_us(double share) {
    uint64_t total = 0, seen = 0;
    for (size_t i = 0; i < octaves * parts_of_octave; ++i) total += histogram[i];
    size_t bucket = 0;
    const size_t last = octaves * parts_of_octave - 1;
    while (bucket < last && (double)(seen += histogram[bucket]) < share * (double)total) ++bucket;
    if (bucket < parts_of_octave) return (double)bucket / 1e3;
    return (double)((bucket % parts_of_octave + parts_of_octave + 1) << (bucket / parts_of_octave - 1)) / 1e3;
}

/* Time in the kernel and in all, in clock ticks: coarse, good for their ratio only. */
static double system_share(int pid, int begin) {
    static unsigned long user0, system0;
    unsigned long user = 0, system = 0;
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file)) {
        const char *rest = strrchr(text, ')');
        if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    }
    if (file) fclose(file);
    if (begin) {
        user0 = user;
        system0 = system;
        return 0;
    }
    const double all = (double)(user - user0 + system - system0);
    return all > 0 ? (double)(system - system0) / all : 0;
}

static long memory_kib(int pid) {
    char path[64], line[128];
    long found = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %ld", &found) == 1) break;
    }
    if (file) fclose(file);
    return found;
}

static void send_some(unsigned count, uint64_t at) {
    static unsigned turn;
    static uint8_t wires[batch][room];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    const unsigned s = turn++ % sockets;
    if (count > batch) count = batch;
    for (unsigned i = 0; i < count; ++i) {
        const struct query *query = &queries[next_query++ % query_count];
        uint16_t id;
        do id = random_id();
        while (state[s].asked[id].at != 0);
        memcpy(wires[i], query->wire, query->length);
        wires[i][0] = (uint8_t)(id >> 8);
        wires[i][1] = (uint8_t)id;
        state[s].asked[id] = (struct asked){at, query->marker, (uint8_t)measuring};
        ring[ring_end % ring_size].at = at;
        ring[ring_end % ring_size].id = id;
        ring[ring_end++ % ring_size].socket = (uint8_t)s;
        parts[i] = (struct iovec){wires[i], query->length};
        memset(&messages[i], 0, sizeof messages[i]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned done = 0; done < count;) {
        const int now_sent = sendmmsg(state[s].fd, messages + done, count - done, 0);
        done += now_sent > 0 ? (unsigned)now_sent : 1;
    }
    in_flight += count;
    sent += measuring ? count : 0;
}

static void receive(struct socket_state *from) {
    static uint8_t buffers[batch][room];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    for (int i = 0; i < batch; ++i) {
        parts[i] = (struct iovec){buffers[i], room};
        memset(&messages[i], 0, sizeof messages[i]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(from->fd, messages, batch, MSG_DONTWAIT, NULL);
    const uint64_t at = now();
    for (int i = 0; i < count; ++i) {
        const uint8_t *message = buffers[i];
        const size_t length = messages[i].msg_len;
        struct asked *asked = &from->asked[message[0] << 8 | message[1]];
        if (length < 12 || asked->at == 0) continue;
        const int right = !checking || message[length - 1] == asked->marker;
        const int good = (message[3] & 15) == 0 && message[7] == 1 && right;
        answers_in_time += (uint64_t)measuring;
        if (asked->measured) {
            ++answered;
            wrong += !good;
            ++histogram[bucket_of(at - asked->at)];
        }
        asked->at = 0;
        --in_flight;
    }
}

static void give_up(uint64_t at) {
    for (; ring_first != ring_end && ring[ring_first % ring_size].at + patience < at; ++ring_first) {
        const struct socket_state *of = &state[ring[ring_first % ring_size].socket];
        struct asked *asked = &of->asked[ring[ring_first % ring_size].id];
        if (asked->at != ring[ring_first % ring_size].at) continue;
        lost += asked->measured;
        asked->at = 0;
        --in_flight;
    }
}

static int ask_until_answered(uint64_t tries) {
    for (uint64_t i = 0; i < tries; ++i) {
        uint8_t message[room];
        send(state[0].fd, queries[0].wire, queries[0].length, 0);
        struct timespec pause = {0, 200000};
        nanosleep(&pause, NULL);
        const ssize_t length = recv(state[0].fd, message, sizeof message, MSG_DONTWAIT);
        if (length >= 12 && (message[3] & 15) == 0 && message[7] == 1) {
            printf("%llu\n", (unsigned long long)now());
            return 0;
        }
    }
    return 1;
}

static unsigned long long option(int argc, char **argv, const char *name, unsigned long long otherwise) {
    const size_t length = strlen(name);
    for (int i = 3; i < argc; ++i) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') return strtoull(argv[i] + length + 1, 0, 10);
    }
    return otherwise;
}

static void load(int poller, double seconds, uint64_t window, uint64_t rate, int pid) {
    const uint64_t began = now(), from = began + lead, to = from + (uint64_t)(seconds * 1e9);
    uint64_t cpu = 0, total = 0;
    double kernel = 0;
    for (;;) {
        const uint64_t at = now();
        if (!measuring && at >= from && at < to) {
            measuring = 1;
            cpu = cpu_ns(pid);
            system_share(pid, 1);
        } else if (measuring && at >= to) {
            measuring = 0;
            cpu = cpu_ns(pid) - cpu;
            kernel = system_share(pid, 0);
        }
        if (at >= to && (in_flight == 0 || at > to + patience + lead)) break;
        give_up(at);
        if (at < to) {
            const uint64_t due = rate ? (uint64_t)((double)(at - began) / 1e9 * (double)rate) : 0;
            int64_t wanted = rate ? (int64_t)(due - total) : (int64_t)window - in_flight;
            if (rate && wanted > 1024) wanted = 1024;
            while (wanted > 0) { /* at a rate, neighbours come from different ports */
                const unsigned some = rate ? 1 : wanted > batch ? batch : (unsigned)wanted;
                send_some(some, at);
                total += some;
                wanted -= some;
            }
        }
        struct epoll_event events[sockets];
        struct timespec pause = {0, 1000000};
        if (rate) { /* until the next query is due */
            const double next = (double)(total + 1) / (double)rate * 1e9 - (double)(now() - began);
            pause.tv_nsec = next <= 0 ? 0 : next > 1e6 ? 1000000 : (long)next;
        }
        const int ready = epoll_pwait2(poller, events, sockets, &pause, NULL);
        for (int i = 0; i < ready; ++i) receive(events[i].data.ptr);
    }
    lost = sent - answered;
    printf("qps=%.0f sent=%llu lost=%llu wrong=%llu p50=%.1f p99=%.1f p999=%.1f cpu_us=%.3f system=%.2f rss_kib=%ld\n",
           (double)answers_in_time / seconds, (unsigned long long)sent, (unsigned long long)lost,
           (unsigned long long)wrong, within_us(0.5), within_us(0.99), within_us(0.999),
           answers_in_time ? (double)cpu / 1e3 / (double)answers_in_time : 0.0, kernel, memory_kib(pid));
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int poller = epoll_create1(0);
    read_queries(argv[2]);
    if (query_count == 0) return 2;
    for (int s = 0; s < sockets; ++s) {
        const int bytes = 4 << 20;
        state[s].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        state[s].asked = calloc(ids, sizeof *state[s].asked);
        setsockopt(state[s].fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &state[s]};
        if (connect(state[s].fd, (struct sockaddr *)&to, sizeof to)) return 2;
        epoll_ctl(poller, EPOLL_CTL_ADD, state[s].fd, &event);
    }
    const uint64_t tries = option(argc, argv, "first", 0);
    if (tries > 0) return ask_until_answered(tries);
    checking = (int)option(argc, argv, "check", 1);
    const uint64_t window = option(argc, argv, "window", 0), rate = option(argc, argv, "rate", 0);
    if ((window > 0) == (rate > 0)) return 2;
    load(poller, atof(argv[3]), window, rate, (int)option(argc, argv, "pid", 0));
    return 0;
}
