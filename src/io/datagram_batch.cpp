// SPDX-License-Identifier: MIT
#include "io/datagram_batch.hpp"

#include <sys/mman.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>

namespace dproxy::io {

ReceiveBatch::ReceiveBatch() : messages_(std::make_unique<Messages>()) {
    void* memory = ::mmap(nullptr, stride * batch_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<std::uint8_t*>(memory);
    for (std::size_t i = 0; i < batch_size; ++i) {
        messages_->vectors[i] = {data_ + i * stride, dns::max_message_length};
        msghdr& header = messages_->headers[i].msg_hdr;
        header = {};
        header.msg_name = &messages_->peers[i].any;
        header.msg_iov = &messages_->vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = messages_->controls[i].bytes;
    }
}

ReceiveBatch::~ReceiveBatch() { ::munmap(data_, stride * batch_size); }

int ReceiveBatch::receive(int fd) {
    for (std::size_t i = 0; i < batch_size; ++i) {
        msghdr& header = messages_->headers[i].msg_hdr;
        header.msg_namelen = sizeof(sockaddr_in6);
        header.msg_controllen = sizeof(Control::bytes);
    }
    int count;
    do {
        count = ::recvmmsg(fd, messages_->headers.data(), batch_size, MSG_DONTWAIT, nullptr);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    for (int i = 0; i < count; ++i) {
        const auto index = static_cast<std::size_t>(i);
        messages_->peers[index].length = messages_->headers[index].msg_hdr.msg_namelen;
    }
    return count;
}

LocalAddress ReceiveBatch::local(std::size_t index) const {
    LocalAddress local;
    msghdr& header = messages_->headers[index].msg_hdr;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(part), sizeof info);
            // ipi_addr is where the datagram went, which for a broadcast is no address to answer from.
            std::memcpy(&local.address, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
            local.interface = static_cast<std::uint32_t>(info.ipi_ifindex);
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(part), sizeof info);
            local.address = info.ipi6_addr;
            local.interface = static_cast<std::uint32_t>(info.ipi6_ifindex);
        }
    }
    return local;
}

std::uint32_t ReceiveBatch::kernel_drops(std::size_t index) const {
    msghdr& header = messages_->headers[index].msg_hdr;
    std::uint32_t drops = 0;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL) {
            std::memcpy(&drops, CMSG_DATA(part), sizeof drops);
        }
    }
    return drops;
}

SendBatch::SendBatch() : messages_(std::make_unique<Messages>()) {
    for (std::size_t i = 0; i < batch_size; ++i) {
        msghdr& header = messages_->headers[i].msg_hdr;
        header = {};
        header.msg_iov = &messages_->vectors[i];
        header.msg_iovlen = 1;
    }
}

void SendBatch::push(dns::Bytes payload) {
    assert(!full());
    // sendmmsg only reads what the vector points to; the interface predates const.
    messages_->vectors[count_] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
    msghdr& header = messages_->headers[count_].msg_hdr;
    header.msg_name = nullptr;
    header.msg_namelen = 0;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    ++count_;
}

void SendBatch::push(dns::Bytes payload, const SocketAddress& to, const LocalAddress& local) {
    const std::size_t index = count_;
    push(payload);
    messages_->peers[index] = to;
    msghdr& header = messages_->headers[index].msg_hdr;
    header.msg_name = &messages_->peers[index].any;
    header.msg_namelen = to.length;
    if (local.interface == 0) return;

    header.msg_control = messages_->controls[index].bytes;
    header.msg_controllen = sizeof(Control::bytes);
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    if (to.is_v4()) {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, &local.address, sizeof info.ipi_spec_dst);
        part->cmsg_level = IPPROTO_IP;
        part->cmsg_type = IP_PKTINFO;
        part->cmsg_len = CMSG_LEN(sizeof info);
        std::memcpy(CMSG_DATA(part), &info, sizeof info);
        header.msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        in6_pktinfo info{};
        info.ipi6_addr = local.address;
        // Only a link-local address needs its interface; with others the route may lead elsewhere.
        if (IN6_IS_ADDR_LINKLOCAL(&local.address)) info.ipi6_ifindex = local.interface;
        part->cmsg_level = IPPROTO_IPV6;
        part->cmsg_type = IPV6_PKTINFO;
        part->cmsg_len = CMSG_LEN(sizeof info);
        std::memcpy(CMSG_DATA(part), &info, sizeof info);
        header.msg_controllen = CMSG_SPACE(sizeof info);
    }
}

namespace {

/// A flood of forged ICMP messages may leave an error again before the next call.
constexpr int max_repetitions = 4;

}  // namespace

SendBatch::Outcome SendBatch::flush(int fd) {
    Outcome outcome;
    std::size_t next = 0;
    int repeated = 0;
    while (next < count_) {
        const int sent = ::sendmmsg(fd, messages_->headers.data() + next, static_cast<unsigned>(count_ - next), 0);
        if (sent > 0) {
            next += static_cast<std::size_t>(sent);
            outcome.sent += static_cast<std::size_t>(sent);
            repeated = 0;
            continue;
        }
        const int error = errno;
        if (error == EINTR) continue;
        if (repeated < max_repetitions && (error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH)) {
            ++repeated;
            continue;
        }
        outcome.last_error = error;
        ++outcome.failed;
        outcome.failed_mask |= std::uint64_t{1} << next;
        ++next;
        repeated = 0;
    }
    count_ = 0;
    return outcome;
}

}  // namespace dproxy::io
