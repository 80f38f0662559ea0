/* SPDX-License-Identifier: MIT
 *
 * tls - connections of DNS over TLS to 127.0.0.1, for measuring what they cost the server. Link with -lssl -lcrypto
 * -pthread.
 *
 *   tls PORT full SECONDS PID       handshakes, each to its end; how many a second, and CPU time of the process for one
 *   tls PORT resumed SECONDS PID    the same, each going on from an earlier session
 *   tls PORT hello SECONDS PID      the same greeting again and again, and away when the server has answered it: the
 *                                   server has done what is costly then, and it costs this side next to nothing
 *   tls PORT hold COUNT             opens so many, asks a question on each, prints `ready`, holds them until its
 *                                   standard input ends
 *   tls PORT hold-https COUNT       the same over HTTP/2
 *   tls PORT hold-tcp COUNT         the same without TLS
 *
 * Prints one line of key=value. Connections come from 127.1.0.0/16 and end by a reset, so that no port is missed. The
 * server's certificate is believed, its signature is verified.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cpu_time.h"

enum { threads = 16, most_hello = 2048 };
static const uint64_t second = 1000000000;
/* Length, header, `x.lan`, A, IN. */
static const uint8_t query[] = {0, 23, 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 3, 'l', 'a', 'n', 0, 0, 1, 0, 1};

static uint16_t port;
static SSL_CTX *context;
static uint8_t hello[most_hello];
static size_t hello_length;
static atomic_uint_fast64_t done, failed, resumed, next_source;
static atomic_int stopping;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

static int connected(void) {
    const uint32_t source = (uint32_t)atomic_fetch_add(&next_source, 1);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    const struct linger reset = {1, 0};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f010001 + source % 60000)}};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) || connect(fd, (struct sockaddr *)&to, sizeof to)) {
        close(fd);
        return -1;
    }
    return fd;
}

static SSL *opened(SSL_SESSION *session) {
    const int fd = connected();
    SSL *tls = fd < 0 ? NULL : SSL_new(context);
    if (!tls) return NULL;
    SSL_set_fd(tls, fd);
    if (session) { /* of which OpenSSL uses each once */
        SSL_SESSION *copy = SSL_SESSION_dup(session);
        SSL_set_session(tls, copy);
        SSL_SESSION_free(copy);
    }
    if (SSL_connect(tls) == 1) return tls;
    SSL_free(tls);
    close(fd);
    return NULL;
}

/* As if it had said goodbye: else its session would be good for nothing more. */
static void closed(SSL *tls) {
    const int fd = SSL_get_fd(tls);
    SSL_set_quiet_shutdown(tls, 1);
    SSL_shutdown(tls);
    SSL_free(tls);
    close(fd);
}

/* The whole of a client's way into HTTP/2 (RFC 9113 3.4): preface, empty SETTINGS, and a GET of the question in
 * stream 1, its fields from HPACK's static table or as they are (RFC 7541 6.1, 6.2.2). */
static const char http2_question[] =
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\0\0\0\4\0\0\0\0\0"
    "\0\0\77\1\5\0\0\0\1"
    "\x82\x87"
    "\4\56/dns-query?dns=AAABAAABAAAAAAAAAXgDbGFuAAABAAE"
    "\1\13dns.example";

/* Reads frames until there is one of DATA. */
static int asked_by_http2(SSL *tls) {
    uint8_t frame[16384 + 9];
    size_t length = 0;
    if (SSL_write(tls, http2_question, sizeof http2_question - 1) <= 0) return 0;
    for (;;) {
        const int got = SSL_read(tls, frame + length, (int)(sizeof frame - length));
        if (got <= 0) return 0;
        length += (size_t)got;
        for (size_t whole; length >= 9; length -= whole) {
            whole = 9 + ((size_t)frame[0] << 16 | (size_t)frame[1] << 8 | frame[2]);
            if (whole > length) break;
            if (frame[3] == 0) return 1;
            memmove(frame, frame + whole, length - whole);
        }
    }
}

/* With the answer come the tickets. */
static int asked(SSL *tls) {
    uint8_t answer[1500];
    return SSL_write(tls, query, sizeof query) > 0 && SSL_read(tls, answer, sizeof answer) > 0;
}

static void *shake(void *resume) {
    SSL_SESSION *session = NULL;
    if (resume) {
        SSL *first = opened(NULL);
        if (first && asked(first)) session = SSL_get1_session(first);
        if (first) closed(first);
    }
    while (!stopping) {
        SSL *tls = opened(session);
        if (!tls) {
            ++failed;
            continue;
        }
        ++done;
        resumed += (unsigned)SSL_session_reused(tls);
        closed(tls);
    }
    return NULL;
}

static void *greet(void *unused) {
    uint8_t answer[4096];
    while (!stopping) {
        const int fd = connected();
        if (fd >= 0 && send(fd, hello, hello_length, MSG_NOSIGNAL) > 0 && recv(fd, answer, sizeof answer, 0) > 0) {
            ++done;
        } else {
            ++failed;
        }
        if (fd >= 0) close(fd);
    }
    return unused;
}

static void make_hello(void) {
    SSL *tls = SSL_new(context);
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls, BIO_new(BIO_s_mem()), out);
    SSL_connect(tls);
    hello_length = (size_t)BIO_read(out, hello, sizeof hello);
    SSL_free(tls);
}

static int run(void *(*work)(void *), void *how, double seconds, int pid) {
    pthread_t thread[threads];
    for (int i = 0; i < threads; ++i) pthread_create(&thread[i], NULL, work, how);
    usleep(300000);
    const uint64_t cpu = cpu_ns(pid), before = done, began = now();
    usleep((useconds_t)(seconds * 1e6));
    const double took = (double)(now() - began) / 1e9, count = (double)(done - before);
    const double cost = (double)(cpu_ns(pid) - cpu) / 1e3;
    stopping = 1;
    for (int i = 0; i < threads; ++i) pthread_join(thread[i], NULL);
    printf("rate=%.0f cpu_us=%.2f busy=%.3f failed=%llu resumed=%.3f\n", count / took, count > 0 ? cost / count : 0,
           cost / took / 1e6, (unsigned long long)failed, done ? (double)resumed / (double)done : 0);
    return 0;
}

static int hold(long count, int (*ask)(SSL *)) {
    uint8_t answer[1500];
    for (long i = 0; i < count; ++i) {
        SSL *tls = ask ? opened(NULL) : NULL;
        const int fd = ask ? -1 : connected();
        if (ask ? !tls || !ask(tls)
                      : fd < 0 || send(fd, query, sizeof query, 0) < 0 || recv(fd, answer, sizeof answer, 0) <= 0) {
            fprintf(stderr, "connection %ld failed\n", i);
            return 1;
        }
    }
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF) continue;
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    port = (uint16_t)atoi(argv[1]);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    const char *what = argv[2];
    if (strcmp(what, "hold") == 0) return hold(atol(argv[3]), asked);
    if (strcmp(what, "hold-tcp") == 0) return hold(atol(argv[3]), NULL);
    if (strcmp(what, "hold-https") == 0) {
        SSL_CTX_set_alpn_protos(context, (const uint8_t *)"\2h2", 3);
        return hold(atol(argv[3]), asked_by_http2);
    }
    if (argc < 5) return 2;
    make_hello();
    const int pid = atoi(argv[4]);
    if (strcmp(what, "hello") == 0) return run(greet, NULL, atof(argv[3]), pid);
    return run(shake, strcmp(what, "resumed") == 0 ? context : NULL, atof(argv[3]), pid);
}
