// SPDX-License-Identifier: MIT
#include "tls/session.hpp"

#include <openssl/ssl.h>

#include <cassert>
#include <new>
#include <utility>

#include "tls/client_context.hpp"
#include "tls/server_context.hpp"
#include "tls/ticket_store.hpp"

namespace dproxy::tls {

namespace {

/// What OpenSSL has for a connection: measured on amd64 (tests/unit/tls/session_test.cpp holds it). Since 3.2 each
/// direction has a record layer of 4 kB.
constexpr std::size_t connection_bytes = (OPENSSL_VERSION_NUMBER < 0x30200000L ? 14 : 21) * 1024;
constexpr std::size_t handshake_bytes = 40 * 1024, record_bytes = 17 * 1024;

}  // namespace

Session& Session::of(const ssl_st* connection) { return *static_cast<Session*>(SSL_get_app_data(connection)); }

void Session::count_message(int is_written, int, int content_type, const void*, std::size_t, ssl_st* connection,
                            void*) {
    Session& session = of(connection);
    if (is_written != 0 || content_type != SSL3_RT_HANDSHAKE || session.state_ == State::opening) return;
    if (++session.messages_without_data_ > max_messages_without_data) session.wire_.stop();
}

int Session::keep_ticket(ssl_st* connection, ssl_session_st* resumable) {
    Session& session = of(connection);
    if (!session.tickets_) return 0;
    session.tickets_->put(ResumableHandle(resumable));
    return 1;
}

Session::Session(ssl_ctx_st* context) : connection_(made<ConnectionHandle>(SSL_new(context))) {
    SSL* connection = connection_.get();
    SSL_set_app_data(connection, this);
    SSL_set_msg_callback(connection, count_message);
    BIO* const bio = wire_.open().release();
    SSL_set_bio(connection, bio, bio);  // one reference for both
}

Session::Session(std::shared_ptr<const ServerContext> context) : Session(context->context()) {
    const ErrorQueue errors;
    context_ = std::move(context);
    SSL_set_accept_state(connection_.get());
}

Session::Session(std::shared_ptr<const ClientContext> context, std::shared_ptr<TicketStore> tickets)
    : Session(context->context()) {
    const ErrorQueue errors;
    tickets_ = std::move(tickets);
    SSL_set_connect_state(connection_.get());
    const std::string& name = context->sent_name();
    if (!name.empty() && SSL_set_tlsext_host_name(connection_.get(), name.c_str()) != 1) throw std::bad_alloc();
    context_ = std::move(context);
    if (tickets_) {
        const ResumableHandle resumable = tickets_->take();
        if (resumable) SSL_set_session(connection_.get(), resumable.get());
    }
    handshake();
}

Session::~Session() {
    // OpenSSL takes a session that ends without a farewell for one that must not be resumed; DNS just closes.
    if (state_ == State::open || state_ == State::ended) {
        SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    const ErrorQueue errors;
    connection_.reset();
}

void Session::take(dns::Bytes from_peer) {
    if (state_ == State::failed || state_ == State::ended) return;
    wire_.give(from_peer);
    if (state_ == State::opening) handshake();
}

std::size_t Session::read(dns::MutableBytes room) {
    const ErrorQueue errors;
    std::size_t filled = 0;
    while (state_ == State::open && filled < room.size()) {  // a record at a time
        std::size_t count = 0;
        const int result = SSL_read_ex(connection_.get(), room.data() + filled, room.size() - filled, &count);
        if (result != 1) {
            judge(result);
            break;
        }
        filled += count;
    }
    return filled;
}

void Session::write(dns::Bytes meant) {
    assert(state_ != State::opening);
    if (meant.empty() || (state_ != State::open && state_ != State::ended)) return;
    const ErrorQueue errors;
    std::size_t count = 0;
    const int result = SSL_write_ex(connection_.get(), meant.data(), meant.size(), &count);
    if (result != 1) judge(result);
}

void Session::finish() {
    if (state_ != State::open && state_ != State::ended) return;
    if ((SSL_get_shutdown(connection_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
    const ErrorQueue errors;
    if (SSL_shutdown(connection_.get()) < 0) judge(-1);
}

void Session::fetch(std::vector<std::uint8_t>& to_peer) { wire_.fetch(to_peer); }

std::size_t Session::held_bytes() const {
    const bool within_record = SSL_has_pending(connection_.get()) == 1;
    return sizeof *this + wire_.held_bytes() + (state_ == State::opening ? handshake_bytes : connection_bytes) +
           (within_record ? record_bytes : 0);
}

io::FilterFault Session::fault() const {
    switch (verdict_.failure) {
        case Failure::none: return io::FilterFault::none;
        case Failure::name:
        case Failure::authority:
        case Failure::expired:
        case Failure::not_yet_valid:
        case Failure::pin:
        case Failure::client_certificate: return io::FilterFault::peer_certificate;
        case Failure::no_certificate: return io::FilterFault::no_certificate;
        case Failure::version:
        case Failure::cipher:
        case Failure::protocol: return io::FilterFault::agreement;
        case Failure::malformed: return io::FilterFault::malformed;
        case Failure::alert: return io::FilterFault::alert;
        case Failure::flood: break;
    }
    return io::FilterFault::flood;
}

bool Session::is_resumed() const { return SSL_session_reused(connection_.get()) == 1; }

std::string_view Session::protocol() const {
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(connection_.get(), &name, &length);
    return {reinterpret_cast<const char*>(name), length};
}

std::string_view Session::version() const { return SSL_get_version(connection_.get()); }

std::string_view Session::asked_name() const {
    const char* name = SSL_get_servername(connection_.get(), TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

void Session::handshake() {
    const ErrorQueue errors;
    const int result = SSL_do_handshake(connection_.get());
    if (result != 1) return judge(result);
    state_ = State::open;
}

void Session::judge(int result) {
    const int error = SSL_get_error(connection_.get(), result);
    if (wire_.out_of_memory()) {
        fail({Failure::malformed, "there is no memory for it"});
        throw std::bad_alloc();
    }
    if (error == SSL_ERROR_WANT_READ) return;
    if (error == SSL_ERROR_ZERO_RETURN && state_ != State::opening) {
        state_ = State::ended;
        return;
    }
    if (messages_without_data_ > max_messages_without_data) {
        return fail({Failure::flood, "more than " + std::to_string(max_messages_without_data) +
                                         " messages after the handshake that are not data"});
    }
    fail(verdict_on(*connection_));
}

void Session::fail(Verdict verdict) {
    state_ = State::failed;
    verdict_ = std::move(verdict);
}

}  // namespace dproxy::tls
