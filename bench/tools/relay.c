/* SPDX-License-Identifier: MIT
 *
 * relay PORT UPSTREAM_PORT... - the floor under every DNS proxy in user space, on 127.0.0.1: reads queries in batches,
 * puts an ID of its own in place of the client's, sends them on to the upstreams in turn, and brings the answers
 * back. It knows no DNS beyond the ID, has no routes, no time-outs, no checks and predictable IDs: nobody could use
 * it, and no proxy that can be used costs less. One thread. Ends with its parent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { max_upstreams = 16, batch = 64, room = 1500, ids = 65536 };

struct waiting {
    struct sockaddr_in client;
    uint16_t id;
    uint8_t used;
};

struct upstream {
    int fd;
    uint16_t next_id;
    struct waiting *waiting;
    int queued;
    struct mmsghdr queue[batch];
};

static struct upstream upstreams[max_upstreams];
static int upstream_count, turn, clients;
static uint8_t buffers[batch][room];
static struct sockaddr_in peers[batch];
static struct iovec parts[batch];
static struct mmsghdr messages[batch];

static int open_socket(uint16_t port, int (*attach)(int, const struct sockaddr *, socklen_t)) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (attach(fd, (struct sockaddr *)&at, sizeof at)) {
        perror("bind or connect");
        exit(1);
    }
    return fd;
}

static int receive(int fd, int with_peers) {
    for (int i = 0; i < batch; ++i) {
        parts[i].iov_len = room;
        messages[i].msg_hdr.msg_name = with_peers ? &peers[i] : NULL;
        messages[i].msg_hdr.msg_namelen = with_peers ? sizeof peers[i] : 0;
    }
    return recvmmsg(fd, messages, batch, MSG_DONTWAIT, NULL);
}

static void send_all(int fd, struct mmsghdr *what, int count) {
    for (int sent = 0; sent < count;) {
        const int now = sendmmsg(fd, what + sent, (unsigned)(count - sent), 0);
        sent += now > 0 ? now : 1;
    }
}

static void forward(int count) {
    for (int i = 0; i < count; ++i) {
        if (messages[i].msg_len < 12) continue;
        struct upstream *to = &upstreams[turn++ % upstream_count];
        const uint16_t id = to->next_id++;
        struct waiting *entry = &to->waiting[id];
        entry->client = peers[i];
        memcpy(&entry->id, buffers[i], sizeof entry->id);
        entry->used = 1;
        memcpy(buffers[i], &id, sizeof id);
        parts[i].iov_len = messages[i].msg_len;
        struct mmsghdr *out = &to->queue[to->queued++];
        *out = messages[i];
        out->msg_hdr.msg_name = NULL;
        out->msg_hdr.msg_namelen = 0;
    }
    for (int u = 0; u < upstream_count; ++u) {
        if (upstreams[u].queued > 0) send_all(upstreams[u].fd, upstreams[u].queue, upstreams[u].queued);
        upstreams[u].queued = 0;
    }
}

static void bring_back(struct upstream *from, int count) {
    int kept = 0;
    static struct mmsghdr answers[batch];
    for (int i = 0; i < count; ++i) {
        uint16_t id;
        memcpy(&id, buffers[i], sizeof id);
        struct waiting *entry = &from->waiting[id];
        if (messages[i].msg_len < 12 || !entry->used) continue;
        entry->used = 0;
        memcpy(buffers[i], &entry->id, sizeof entry->id);
        parts[i].iov_len = messages[i].msg_len;
        answers[kept] = messages[i];
        answers[kept].msg_hdr.msg_name = &entry->client;
        answers[kept++].msg_hdr.msg_namelen = sizeof entry->client;
    }
    send_all(clients, answers, kept);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc - 2 > max_upstreams) {
        fprintf(stderr, "usage: relay PORT UPSTREAM_PORT... (at most %d)\n", max_upstreams);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    clients = open_socket((uint16_t)atoi(argv[1]), bind);
    epoll_ctl(poller, EPOLL_CTL_ADD, clients, &event);
    for (int i = 2; i < argc; ++i) {
        struct upstream *upstream = &upstreams[upstream_count++];
        upstream->fd = open_socket((uint16_t)atoi(argv[i]), connect);
        upstream->waiting = calloc(ids, sizeof *upstream->waiting);
        event.data.ptr = upstream;
        epoll_ctl(poller, EPOLL_CTL_ADD, upstream->fd, &event);
    }
    for (int i = 0; i < batch; ++i) {
        parts[i].iov_base = buffers[i];
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
        struct epoll_event events[max_upstreams + 1];
        const int ready = epoll_wait(poller, events, max_upstreams + 1, -1);
        for (int i = 0; i < ready; ++i) {
            struct upstream *from = events[i].data.ptr;
            const int count = receive(from ? from->fd : clients, from == NULL);
            if (count <= 0) continue;
            if (from) bring_back(from, count);
            else forward(count);
        }
    }
}
