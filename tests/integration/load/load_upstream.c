/* SPDX-License-Identifier: MIT
 *
 * load_upstream ADDRESS PORT... - nameservers for load tests: each answers every query that comes to its
 * port with the A record 192.0.2.N, N being its place in the list, counted from 1. Ends with its parent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { max_ports = 16, batch = 64, room = 1500, record_bytes = 16 };

static int bound(const char *address, const char *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 4 << 20;
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1 || bind(fd, (struct sockaddr *)&at, sizeof at)) {
        perror(port);
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

/* Cuts the message after its question and appends the record. Returns the new length, 0 for no answer. */
static size_t answer(uint8_t *message, size_t length, uint8_t marker) {
    size_t at = 12;
    while (at < length && message[at] != 0) at += message[at] + 1u;
    at += 5;
    if (length < 17 || at > length || at + record_bytes > room) return 0;
    const uint8_t record[record_bytes] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, marker};
    message[2] |= 0x80;
    message[3] &= 0xf0;
    memset(message + 6, 0, 6);
    message[7] = 1;
    memcpy(message + at, record, sizeof record);
    return at + sizeof record;
}

static void serve(int fd, uint8_t marker) {
    static uint8_t buffers[batch][room];
    static struct sockaddr_in peers[batch];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    for (int i = 0; i < batch; ++i) {
        parts[i] = (struct iovec){buffers[i], room};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(fd, messages, batch, MSG_DONTWAIT, NULL), kept = 0;
    for (int i = 0; i < count; ++i) {
        size_t length = answer(buffers[i], messages[i].msg_len, marker);
        if (length == 0) continue;
        parts[i].iov_len = length;
        messages[kept++] = messages[i];
    }
    for (int sent = 0; sent < kept;) {
        int n = sendmmsg(fd, messages + sent, (unsigned)(kept - sent), 0);
        sent += n > 0 ? n : 1;
    }
}

int main(int argc, char **argv) {
    struct pollfd sockets[max_ports];
    const int ports = argc - 2;
    if (ports < 1 || ports > max_ports) return 2;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < ports; ++i) sockets[i] = (struct pollfd){bound(argv[1], argv[i + 2]), POLLIN, 0};
    puts("ready");
    fflush(stdout);
    while (poll(sockets, (nfds_t)ports, -1) > 0) {
        for (int i = 0; i < ports; ++i) {
            if (sockets[i].revents) serve(sockets[i].fd, (uint8_t)(i + 1));
        }
    }
    return 0;
}
