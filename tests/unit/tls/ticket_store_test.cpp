// SPDX-License-Identifier: MIT
#include "tls/ticket_store.hpp"

#include <openssl/ssl.h>

#include "catch.hpp"

using namespace dproxy::tls;

namespace {

ResumableHandle ticket(int version, unsigned char id) {
    ResumableHandle made(SSL_SESSION_new());
    SSL_SESSION_set_protocol_version(made.get(), version);
    SSL_SESSION_set1_id(made.get(), &id, 1);
    return made;
}

int id_of(const ResumableHandle& ticket) {
    unsigned length = 0;
    return ticket ? SSL_SESSION_get_id(ticket.get(), &length)[0] : -1;
}

}  // namespace

TEST_CASE("the newest ticket is given first, each once", "[ticket_store]") {
    TicketStore store;
    CHECK_FALSE(store.take());
    store.put(ticket(TLS1_3_VERSION, 1));
    store.put(ticket(TLS1_3_VERSION, 2));
    CHECK(id_of(store.take()) == 2);
    CHECK(id_of(store.take()) == 1);
    CHECK_FALSE(store.take());
}

TEST_CASE("the oldest makes room", "[ticket_store]") {
    TicketStore store;
    for (unsigned char id = 1; id <= 6; ++id) store.put(ticket(TLS1_3_VERSION, id));
    CHECK(store.size() == TicketStore::max_tickets);
    for (const int id : {6, 5, 4, 3, -1}) CHECK(id_of(store.take()) == id);
}

TEST_CASE("one of TLS 1.2 may be used again", "[ticket_store]") {
    TicketStore store;
    store.put(ticket(TLS1_2_VERSION, 1));
    const ResumableHandle first = store.take(), second = store.take();
    CHECK(id_of(first) == 1);
    CHECK(second.get() == first.get());
}

TEST_CASE("what cannot be resumed is not kept", "[ticket_store]") {
    TicketStore store;
    store.put(ResumableHandle(SSL_SESSION_new()));
    CHECK(store.size() == 0);
}
