/* SPDX-License-Identifier: MIT
 *
 * openssl_alone - what the server's part of a TLS 1.3 handshake costs OpenSSL where there is no socket, no connection
 * and no other program: both sides in one thread, from memory to memory. Link with -lssl -lcrypto.
 *
 *   openssl_alone CERTIFICATE KEY full|resumed SECONDS
 *
 * Prints one line of key=value: the server's CPU time each, and how many were resumed. It is set up as dproxy is: X25519,
 * AES-128-GCM, one ticket.
 */
#define _GNU_SOURCE
#include <openssl/ssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t cpu_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static SSL_CTX *server_context(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set1_groups_list(context, "X25519");
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    if (SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1) {
        return context;
    }
    fprintf(stderr, "%s, %s: not a certificate and its key\n", certificate, key);
    exit(1);
}

static SSL *between(SSL_CTX *context, BIO *in, BIO *out) {
    SSL *tls = SSL_new(context);
    BIO_up_ref(in);
    BIO_up_ref(out);
    SSL_set_bio(tls, in, out);
    return tls;
}

/* One handshake, its ticket and its end; what the server's side of it took. The client's session is in `session`. */
static uint64_t shake(SSL_CTX *server, SSL_CTX *client, SSL_SESSION **session, int resume, uint64_t *resumed) {
    char byte;
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    SSL *theirs = between(client, to_client, to_server);
    SSL_set_connect_state(theirs);
    if (resume && *session) SSL_set_session(theirs, *session);
    uint64_t began = cpu_ns();
    SSL *ours = between(server, to_server, to_client);
    SSL_set_accept_state(ours);
    uint64_t took = cpu_ns() - began;
    for (int client_done = 0, server_done = 0; !client_done || !server_done;) {
        client_done = SSL_do_handshake(theirs) == 1;
        began = cpu_ns();
        server_done = SSL_do_handshake(ours) == 1;
        took += cpu_ns() - began;
    }
    SSL_read(theirs, &byte, 1); /* the ticket */
    *resumed += (unsigned)SSL_session_reused(ours);
    SSL_SESSION_free(*session);
    SSL_set_shutdown(theirs, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    *session = SSL_get1_session(theirs);
    SSL_free(theirs);
    began = cpu_ns();
    SSL_set_shutdown(ours, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ours);
    took += cpu_ns() - began;
    BIO_free(to_server);
    BIO_free(to_client);
    return took;
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    SSL_CTX *server = server_context(argv[1], argv[2]), *client = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;
    uint64_t count = 0, cost = 0, resumed = 0;
    const time_t until = time(NULL) + atoi(argv[4]) + 1;
    while (time(NULL) < until) {
        cost += shake(server, client, &session, strcmp(argv[3], "resumed") == 0, &resumed);
        ++count;
    }
    printf("cpu_us=%.2f resumed=%.3f\n", (double)cost / 1e3 / (double)count, (double)resumed / (double)count);
    return 0;
}
