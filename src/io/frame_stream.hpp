// SPDX-License-Identifier: MIT
// Frames on their way to a reader, by the protocol Frame Streams (https://farsightsec.github.io/fstrm/). The library
// writes it, over a socket of ours: its own ones block for as long as a reader stalls, and so would the end of the
// program.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "io/fd.hpp"
#include "io/reader_address.hpp"

struct fstrm_writer;

namespace dproxy::io {

/// For as long the reader may take nothing, and say nothing where it is its turn.
inline constexpr std::chrono::seconds longest_reader_stall{10};
/// For so long it is waited for in all, once the program ends.
inline constexpr std::chrono::seconds longest_reader_end{1};

/// One thread, which waits here. It may be opened again after each end.
class FrameStream {
public:
    /// `content`: of the frames. `is_ending`: whether there is no time to lose from now on.
    FrameStream(std::string content, std::function<bool()> is_ending);
    ~FrameStream();
    FrameStream(const FrameStream&) = delete;
    FrameStream& operator=(const FrameStream&) = delete;

    /// Connects, and agrees with the reader on what is to come. False: fault() says why not. `reader` has no host name.
    bool open(const ReaderAddress& reader);
    bool is_open() const { return writer_ != nullptr; }
    /// Whether it is open yet. It is no more where the reader is gone: fault() says how.
    bool check();
    /// Writes whole frames. False: it is not open any more, as fault() says, and how many of them have arrived is not
    /// known.
    bool write(std::span<const iovec> frames);
    /// Tells the reader that this is all, and waits until it has it.
    void close();

    const std::string& fault() const { return fault_; }

private:
    struct Calls;  ///< the library's, back to this
    struct Release {
        void operator()(fstrm_writer* writer) const;
    };

    bool connect();
    bool send(std::span<const iovec> parts);
    bool receive(std::span<char> bytes);
    /// Until the socket is ready for it.
    bool wait_for(short events);
    /// What is asked of the socket from now on fails.
    bool fail(std::string why);
    bool fail_by_errno();
    void end();

    ReaderAddress reader_;  ///< of the last open()
    const std::string content_;
    const std::function<bool()> is_ending_;
    Fd socket_;
    std::unique_ptr<fstrm_writer, Release> writer_;
    std::string fault_;
    std::chrono::steady_clock::time_point end_by_{};  ///< set once it is ending
};

}  // namespace dproxy::io
