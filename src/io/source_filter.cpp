// SPDX-License-Identifier: MIT
#include "io/source_filter.hpp"

#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace dproxy::io {

namespace {

constexpr std::uint32_t accept = 0xffffffff;
constexpr std::uint32_t source_v4 = static_cast<std::uint32_t>(SKF_NET_OFF) + 12;
constexpr std::uint32_t source_v6 = static_cast<std::uint32_t>(SKF_NET_OFF) + 8;
constexpr std::uint32_t random_number = static_cast<std::uint32_t>(SKF_AD_OFF) + SKF_AD_RANDOM;
constexpr std::uint32_t without_last_byte = 0xffffff00;  ///< /24 of the first word, /56 of the first two

sock_filter statement(std::uint16_t code, std::uint32_t value) { return BPF_STMT(code, value); }
sock_filter jump(std::uint16_t code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
    return BPF_JUMP(code, value, if_true, if_false);
}

/// What a datagram of the network meets. The last jump of `matches` leads over it where the network is another.
void admit_by_chance(std::vector<sock_filter>& program, double chance) {
    const auto threshold = static_cast<std::uint32_t>(std::clamp(chance, 0.0, 1.0) * 4294967295.0);
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, random_number));
    program.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, threshold, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, 0));
    program.push_back(statement(BPF_RET | BPF_K, accept));
}
constexpr std::uint8_t length_of_admission = 4;

}  // namespace

std::error_code admit_sources(int fd, bool v4, const std::vector<Admission>& admissions) {
    std::vector<sock_filter> program;
    for (const Admission& one : admissions) {
        if (one.network.is_v4() != v4) continue;
        const auto first = static_cast<std::uint32_t>(one.network.prefix >> 32);
        if (v4) {
            program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, source_v4));
        } else {
            program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, source_v6));
            program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, first, 0, length_of_admission + 3));
            program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, source_v6 + 4));
        }
        program.push_back(statement(BPF_ALU | BPF_AND | BPF_K, without_last_byte));
        const auto last = v4 ? first : static_cast<std::uint32_t>(one.network.prefix);
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, last, 0, length_of_admission));
        admit_by_chance(program, one.chance);
    }
    int result = 0;
    if (program.empty()) {
        const int unused = 0;
        result = ::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
        if (result != 0 && errno == ENOENT) return {};  // there was none
    } else {
        program.push_back(statement(BPF_RET | BPF_K, accept));
        const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
        result = ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
    }
    return result == 0 ? std::error_code() : std::error_code(errno, std::system_category());
}

namespace {

/// What the kernel charges for a datagram as small as a query: the slab that it lies in, and its sk_buff.
constexpr std::uint64_t usual_charge = 768;

}  // namespace

BufferFill receive_buffer_fill(int fd) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t length = sizeof memory;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return {};
    if (memory[SK_MEMINFO_RCVBUF] == 0) return {};
    const std::uint32_t used = memory[SK_MEMINFO_RMEM_ALLOC];
    return {static_cast<double>(used) / memory[SK_MEMINFO_RCVBUF], used / usual_charge};
}

}  // namespace dproxy::io
