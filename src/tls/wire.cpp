// SPDX-License-Identifier: MIT
#include "tls/wire.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace dproxy::tls {

/// What OpenSSL calls. It is C: no exception may pass through it.
struct Wire::Method {
    static Wire& wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* room, std::size_t size, std::size_t* count) {
        Wire& wire = wire_of(bio);
        BIO_clear_retry_flags(bio);
        *count = wire.stopped_ ? 0 : std::min(size, wire.unread());
        if (*count == 0) {
            if (!wire.stopped_) BIO_set_retry_read(bio);
            return 0;
        }
        std::memcpy(room, wire.from_peer_.data() + wire.read_, *count);
        wire.read_ += *count;
        if (wire.unread() == 0) wire.drop_read();
        return 1;
    }

    static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
        Wire& wire = wire_of(bio);
        BIO_clear_retry_flags(bio);
        *count = 0;
        try {
            wire.to_peer_.insert(wire.to_peer_.end(), bytes, bytes + size);
        } catch (const std::bad_alloc&) {
            wire.out_of_memory_ = true;
            return 0;
        }
        *count = size;
        return 1;
    }

    static long control(BIO* bio, int command, long, void*) {
        if (command == BIO_CTRL_FLUSH) return 1;
        return command == BIO_CTRL_EOF && wire_of(bio).stopped_ ? 1 : 0;
    }

    static BIO_METHOD* make() {
        BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dproxy's wire");
        if (!method) throw std::bad_alloc();
        BIO_meth_set_read_ex(method, read);
        BIO_meth_set_write_ex(method, write);
        BIO_meth_set_ctrl(method, control);
        return method;
    }
};

BioHandle Wire::open() {
    static BIO_METHOD* const method = Method::make();  // one kind of BIO, as OpenSSL's own are
    BioHandle bio = made<BioHandle>(BIO_new(method));
    BIO_set_data(bio.get(), this);
    BIO_set_init(bio.get(), 1);
    return bio;
}

void Wire::give(dns::Bytes from_peer) { from_peer_.insert(from_peer_.end(), from_peer.begin(), from_peer.end()); }

void Wire::fetch(std::vector<std::uint8_t>& to_peer) {
    if (to_peer.empty()) {
        to_peer = std::exchange(to_peer_, {});
        return;
    }
    const std::size_t before = to_peer.size();
    to_peer.resize(before + to_peer_.size());  // GCC 14 sees an overflow in insert() that is not there
    std::copy(to_peer_.begin(), to_peer_.end(), to_peer.begin() + static_cast<std::ptrdiff_t>(before));
    to_peer_ = std::vector<std::uint8_t>();
}

bool Wire::out_of_memory() noexcept { return std::exchange(out_of_memory_, false); }

void Wire::drop_read() noexcept {
    from_peer_.clear();
    read_ = 0;
    if (from_peer_.capacity() > kept_room) from_peer_ = std::vector<std::uint8_t>();
}

}  // namespace dproxy::tls
