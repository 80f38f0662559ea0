// SPDX-License-Identifier: MIT
#include "io/frame_stream.hpp"

#include <fstrm.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "io/socket_address.hpp"

namespace dproxy::io {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

/// Between looks at whether the program ends, where a reader is waited for.
constexpr milliseconds look_interval{100};
/// Handed to the system at once; a frame is two, its length and itself.
constexpr std::size_t parts_at_once = 256;

fstrm_res result_of(bool is_done) { return is_done ? fstrm_res_success : fstrm_res_failure; }

}  // namespace

struct FrameStream::Calls {
    static FrameStream& of(void* stream) { return *static_cast<FrameStream*>(stream); }
    static fstrm_res open(void* stream) { return result_of(of(stream).connect()); }
    static fstrm_res close(void* stream) {
        of(stream).socket_.close();
        return fstrm_res_success;
    }
    static fstrm_res read(void* stream, void* bytes, std::size_t count) {
        return result_of(of(stream).receive({static_cast<char*>(bytes), count}));
    }
    static fstrm_res write(void* stream, const iovec* parts, int count) {
        return result_of(of(stream).send({parts, static_cast<std::size_t>(count)}));
    }
};

void FrameStream::Release::operator()(fstrm_writer* writer) const { fstrm_writer_destroy(&writer); }

FrameStream::FrameStream(std::string content, std::function<bool()> is_ending)
    : content_(std::move(content)), is_ending_(std::move(is_ending)) {}

FrameStream::~FrameStream() { end(); }

bool FrameStream::open(const ReaderAddress& reader) {
    assert(!is_open() && reader.host.empty());
    reader_ = reader;
    fault_.clear();
    fstrm_rdwr* socket = fstrm_rdwr_init(this);
    fstrm_rdwr_set_open(socket, Calls::open);
    fstrm_rdwr_set_close(socket, Calls::close);
    fstrm_rdwr_set_read(socket, Calls::read);
    fstrm_rdwr_set_write(socket, Calls::write);
    fstrm_writer_options* options = fstrm_writer_options_init();
    fstrm_writer_options_add_content_type(options, content_.data(), content_.size());
    writer_.reset(fstrm_writer_init(options, &socket));
    fstrm_writer_options_destroy(&options);
    if (fstrm_writer_open(writer_.get()) == fstrm_res_success) return true;
    if (fault_.empty()) fault_ = "it does not speak Frame Streams, or takes other frames than " + content_;
    end();
    return false;
}

bool FrameStream::connect() {
    sockaddr_un unix_address{};
    const SocketAddress tcp_address(reader_.endpoint);
    const sockaddr* address = &tcp_address.any;
    socklen_t length = tcp_address.length;
    if (!reader_.path.empty()) {
        assert(reader_.path.size() <= max_socket_path);
        unix_address.sun_family = AF_UNIX;
        std::copy(reader_.path.begin(), reader_.path.end(), unix_address.sun_path);
        address = reinterpret_cast<const sockaddr*>(&unix_address);
        length = sizeof unix_address;
    }
    socket_ = Fd(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_) return fail_by_errno();
    if (::connect(socket_.get(), address, length) == 0) return true;
    // A Unix socket whose reader is slow to accept says EAGAIN: it is tried again as any other.
    if (errno != EINPROGRESS) return fail_by_errno();
    if (!wait_for(POLLOUT)) return false;
    int error = 0;
    socklen_t error_length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &error_length);
    errno = error;
    return error == 0 || fail_by_errno();
}

bool FrameStream::check() {
    if (!is_open()) return false;
    char byte = 0;
    // Nothing is to come before it is told that this is all.
    const ssize_t came = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (came < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (came < 0) {
        fail_by_errno();
    } else {
        fail(came == 0 ? "it closed the connection" : "it spoke out of turn");
    }
    end();
    return false;
}

bool FrameStream::write(std::span<const iovec> frames) {
    assert(is_open());
    if (fstrm_writer_writev(writer_.get(), frames.data(), static_cast<int>(frames.size())) == fstrm_res_success) {
        return true;
    }
    end();
    return false;
}

void FrameStream::close() {
    if (is_open()) fstrm_writer_close(writer_.get());
    end();
}

/// Without a word: where the stream has ended by a fault, there is no socket to say it by.
void FrameStream::end() {
    socket_.close();
    writer_.reset();
}

bool FrameStream::send(std::span<const iovec> parts) {
    std::array<iovec, parts_at_once> left;
    while (socket_ && !parts.empty()) {
        const std::size_t count = std::min(parts.size(), left.size());
        std::copy_n(parts.begin(), count, left.begin());
        for (std::size_t first = 0; first < count;) {
            msghdr message{};
            message.msg_iov = left.data() + first;
            message.msg_iovlen = count - first;
            const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0 && errno != EAGAIN) return fail_by_errno();
            if (sent < 0 && !wait_for(POLLOUT)) return false;
            auto taken = static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
            for (; first < count && taken >= left[first].iov_len; ++first) taken -= left[first].iov_len;
            if (first == count) break;
            left[first].iov_base = static_cast<char*>(left[first].iov_base) + taken;
            left[first].iov_len -= taken;
        }
        parts = parts.subspan(count);
    }
    return parts.empty();
}

bool FrameStream::receive(std::span<char> bytes) {
    while (socket_ && !bytes.empty()) {
        const ssize_t came = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
        if (came == 0) return fail("it closed the connection");
        if (came < 0 && errno == EINTR) continue;
        if (came < 0 && errno != EAGAIN) return fail_by_errno();
        if (came < 0 && !wait_for(POLLIN)) return false;
        if (came > 0) bytes = bytes.subspan(static_cast<std::size_t>(came));
    }
    return bytes.empty();
}

bool FrameStream::wait_for(short events) {
    const Clock::time_point stalled_at = Clock::now() + longest_reader_stall;
    for (;;) {
        const Clock::time_point now = Clock::now();
        Clock::time_point until = stalled_at;
        if (is_ending_()) {
            if (end_by_ == Clock::time_point()) end_by_ = now + longest_reader_end;
            until = std::min(until, end_by_);
        }
        if (now >= until) return fail(events == POLLIN ? "it says nothing" : "it takes nothing");
        const auto left = std::chrono::ceil<milliseconds>(std::min<Clock::duration>(until - now, look_interval));
        pollfd one{socket_.get(), events, 0};
        const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return fail_by_errno();
    }
}

bool FrameStream::fail(std::string why) {
    socket_.close();
    fault_ = std::move(why);
    return false;
}

bool FrameStream::fail_by_errno() { return fail(std::generic_category().message(errno)); }

}  // namespace dproxy::io
