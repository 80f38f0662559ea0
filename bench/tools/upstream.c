/* SPDX-License-Identifier: MIT
 *
 * upstream ADDRESS PORT... - the cheapest nameservers for measuring proxies, at an IPv4 address: each turns every
 * query into its own answer, with the A record 192.0.2.N, N being the port's place in the list, counted from 1. UDP
 * in batches, TCP pipelined. One thread; nothing is allocated for a query. Ends with its parent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_ports = 16, max_streams = 4096, batch = 64, room = 1500, record_bytes = 16, stream_bytes = 1 << 16 };

enum kind { datagrams, listener, stream };

struct source {
    enum kind kind;
    int fd;
    uint8_t marker;
    uint8_t *in; /* of a stream: what has come of it, and what is to be sent */
    size_t in_length;
};

static int poller;

static void watch(struct source *source) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    epoll_ctl(poller, EPOLL_CTL_ADD, source->fd, &event);
}

static void add_source(enum kind kind, int fd, uint8_t marker) {
    struct source *source = calloc(1, sizeof *source);
    *source = (struct source){kind, fd, marker, kind == stream ? malloc(stream_bytes) : NULL, 0};
    watch(source);
}

static int bound(int type, const char *address, const char *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), bytes = 4 << 20, on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || bind(fd, (struct sockaddr *)&at, sizeof at)) {
        perror(port);
        exit(1);
    }
    return fd;
}

/* Cuts the message behind its question and appends the record, in place. Returns the new length, 0 for no answer. */
static size_t answer(uint8_t *message, size_t length, uint8_t marker) {
    size_t at = 12;
    while (at < length && message[at] != 0) at += message[at] + 1u;
    at += 5;
    if (length < 17 || at > length || at + record_bytes > room) return 0;
    const uint8_t record[record_bytes] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, marker};
    message[2] |= 0x84;
    message[3] = 0x80;
    memset(message + 6, 0, 6);
    message[7] = 1;
    memcpy(message + at, record, sizeof record);
    return at + sizeof record;
}

static void serve_datagrams(const struct source *source) {
    static uint8_t buffers[batch][room];
    static struct sockaddr_in peers[batch];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    for (int i = 0; i < batch; ++i) {
        parts[i] = (struct iovec){buffers[i], room};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    const int count = recvmmsg(source->fd, messages, batch, MSG_DONTWAIT, NULL);
    int kept = 0;
    for (int i = 0; i < count; ++i) {
        const size_t length = answer(buffers[i], messages[i].msg_len, source->marker);
        if (length == 0) continue;
        parts[i].iov_len = length;
        messages[kept++] = messages[i];
    }
    for (int sent = 0; sent < kept;) {
        const int now = sendmmsg(source->fd, messages + sent, (unsigned)(kept - sent), 0);
        sent += now > 0 ? now : 1;
    }
}

static void end(struct source *source) {
    close(source->fd);
    free(source->in);
    free(source);
}

/* Answers all whole messages that have come by one write. A client that does not read is cut off. */
static void serve_stream(struct source *source) {
    static uint8_t out[2 * stream_bytes];
    const ssize_t count = recv(source->fd, source->in + source->in_length, stream_bytes - source->in_length, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return end(source);
    source->in_length += (size_t)count;
    size_t at = 0, ready = 0;
    while (source->in_length - at >= 2) {
        const size_t length = (size_t)source->in[at] << 8 | source->in[at + 1];
        if (source->in_length - at < 2 + length || ready + 2 + room > sizeof out) break;
        if (length > room) return end(source);
        memcpy(out + ready + 2, source->in + at + 2, length);
        const size_t reply = answer(out + ready + 2, length, source->marker);
        out[ready] = (uint8_t)(reply >> 8);
        out[ready + 1] = (uint8_t)reply;
        ready += reply > 0 ? 2 + reply : 0;
        at += 2 + length;
    }
    memmove(source->in, source->in + at, source->in_length -= at);
    if (ready > 0 && send(source->fd, out, ready, MSG_NOSIGNAL) != (ssize_t)ready) end(source);
}

static void take_streams(const struct source *source) {
    for (int fd; (fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        add_source(stream, fd, source->marker);
    }
}

int main(int argc, char **argv) {
    const int ports = argc - 2;
    if (ports < 1 || ports > max_ports) {
        fprintf(stderr, "usage: upstream ADDRESS PORT... (at most %d)\n", max_ports);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    poller = epoll_create1(0);
    for (int i = 0; i < ports; ++i) {
        const uint8_t marker = (uint8_t)(i + 1);
        add_source(datagrams, bound(SOCK_DGRAM, argv[1], argv[i + 2]), marker);
        const int tcp = bound(SOCK_STREAM, argv[1], argv[i + 2]);
        listen(tcp, max_streams);
        add_source(listener, tcp, marker);
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[batch];
        const int count = epoll_wait(poller, events, batch, -1);
        for (int i = 0; i < count; ++i) {
            struct source *source = events[i].data.ptr;
            if (source->kind == datagrams) serve_datagrams(source);
            if (source->kind == listener) take_streams(source);
            if (source->kind == stream) serve_stream(source);
        }
    }
}
