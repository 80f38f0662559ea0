// SPDX-License-Identifier: MIT
// A connection that is asked over HTTP/2 (RFC 8484): a session, and the socket that its bytes go by. Of links and of
// probes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "http2/client_session.hpp"
#include "io/byte_meter.hpp"
#include "io/stream_end.hpp"
#include "io/stream_filter.hpp"
#include "routing/route_settings.hpp"

namespace boost::asio {
class io_context;
}

namespace dproxy::proxy {

/// Whom it asks: the name that is verified, or the address, and the path of its routes.
http2::Resource resource_of(const routing::UpstreamKey& upstream);

/// Belongs to the thread of its context.
class HttpsChannel {
    class Stream;

public:
    /// What the owner is told. Never called from within a call of the owner's, and not after close(). A call that
    /// throws is the end: on_end() comes before the exception goes on.
    class Events {
    public:
        /// It can be written to. Where is_agreed() says no, that is no use.
        virtual void on_connected() = 0;
        /// To be handed to take().
        virtual void on_bytes(dns::Bytes bytes) = 0;
        /// The last call. The owner may destroy the channel in it.
        virtual void on_end(io::StreamEnd how, std::error_code error) = 0;

    protected:
        ~Events() = default;
    };

    /// Connects; questions may be asked meanwhile. `preface` is sent before everything (PROXY protocol). `filter`: null
    /// where HTTP/2 is spoken in the clear, with prior knowledge.
    HttpsChannel(boost::asio::io_context& context, const routing::UpstreamKey& upstream, dns::Bytes preface,
                 Events& events, std::shared_ptr<io::ByteMeter> meter, std::unique_ptr<io::StreamFilter> filter);
    ~HttpsChannel();
    HttpsChannel(const HttpsChannel&) = delete;
    HttpsChannel& operator=(const HttpsChannel&) = delete;

    /// Once it is connected: the server speaks HTTP/2.
    bool is_agreed() const;
    static constexpr const char* not_agreed = "http: HTTP/2 is not spoken there (ALPN h2)";
    /// Questions that could be asked now.
    std::size_t room() const { return session_.room(); }
    /// Of the next question.
    http2::StreamId next_id() const { return session_.next_id(); }
    /// False where there is no room.
    bool ask(dns::Bytes message);
    /// Its reply is not waited for any more.
    void cancel(http2::StreamId id);

    void take(dns::Bytes bytes, std::uint64_t now_ns);
    /// The connection is gone.
    void take_end() { session_.take_end(); }
    /// To be asked until there is none after each of the two above.
    std::optional<http2::Reply> next_reply() { return session_.next_reply(); }
    http2::ClientSession::State state() const { return session_.state(); }
    /// What to say about the end of the session; empty where it ended in peace, or has not.
    std::string fault() const;

    std::size_t queued_bytes() const;
    int descriptor() const;
    bool is_connected() const;
    void close();
    /// The same, but the server is told first (RFC 9113 6.8), where that does not have to wait.
    void leave();

private:
    void flush();

    const http2::Resource resource_;
    http2::ClientSession session_{resource_};
    const io::StreamFilter* filter_;
    std::shared_ptr<Stream> stream_;
};

/// A reply that is none, for people: `status: 404 came`.
std::string fault_of(const http2::Reply& reply);

}  // namespace dproxy::proxy
