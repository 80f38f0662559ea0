// SPDX-License-Identifier: MIT
#include "tls/ticket_store.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <utility>

namespace dproxy::tls {

void TicketStore::put(ResumableHandle resumable) {
    if (SSL_SESSION_is_resumable(resumable.get()) != 1) return;
    if (size_ == max_tickets) {
        std::move(tickets_.begin() + 1, tickets_.end(), tickets_.begin());
        --size_;
    }
    tickets_[size_++] = std::move(resumable);
}

ResumableHandle TicketStore::take() {
    while (size_ != 0) {
        ResumableHandle newest = std::move(tickets_[--size_]);
        if (SSL_SESSION_is_resumable(newest.get()) != 1) continue;
        if (SSL_SESSION_get_protocol_version(newest.get()) >= TLS1_3_VERSION) return newest;
        SSL_SESSION_up_ref(newest.get());
        ResumableHandle given(newest.get());
        tickets_[size_++] = std::move(newest);
        return given;
    }
    return nullptr;
}

}  // namespace dproxy::tls
