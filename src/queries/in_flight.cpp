// SPDX-License-Identifier: MIT
#include "queries/in_flight.hpp"
#include "queries/limits.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace dproxy::proxy {

namespace {

constexpr std::size_t stride = preface_room + stored_message_bytes;

// Address space only: a page takes memory when it is first written.
void* reserve(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

/// The whole pages between the two.
void give_back(void* from, void* to) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto first = (reinterpret_cast<std::uintptr_t>(from) + page - 1) / page * page;
    const auto last = reinterpret_cast<std::uintptr_t>(to) / page * page;
    if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

}  // namespace

InFlightTable::InFlightTable(std::uint32_t capacity)
    : capacity_(capacity),
      entries_(static_cast<InFlight*>(reserve(capacity * sizeof(InFlight)))),
      messages_(static_cast<std::uint8_t*>(reserve(capacity * stride))) {}

InFlightTable::~InFlightTable() {
    for (std::uint32_t i = 0; i < touched_; ++i) entries_[i].~InFlight();
    ::munmap(entries_, capacity_ * sizeof(InFlight));
    ::munmap(messages_, capacity_ * stride);
}

QueryIndex InFlightTable::take(dns::Bytes message, std::size_t growth) {
    const std::size_t room = message.size() + growth;
    std::unique_ptr<std::uint8_t[]> large_message;  // before a place is taken: there may be no memory
    if (room > stored_message_bytes) large_message.reset(new std::uint8_t[preface_room + room]);
    QueryIndex index = free_;
    if (index != no_query) {
        free_ = entries_[index].next_free;
        const std::uint32_t serial = entries_[index].serial;
        entries_[index] = InFlight{};
        entries_[index].serial = serial + 1;
    } else {
        if (touched_ == capacity_) return no_query;
        index = touched_++;
        new (&entries_[index]) InFlight{};
    }
    InFlight& entry = entries_[index];
    entry.in_use = true;
    entry.message_length = static_cast<std::uint16_t>(message.size());
    if (large_message) {
        entry.large_bytes = static_cast<std::uint32_t>(preface_room + room);
        entry.large_message = std::move(large_message);
        extra_bytes_ += entry.large_bytes;
    }
    std::memcpy(this->message(index).data(), message.data(), message.size());
    most_ = std::max(most_, ++size_);
    return index;
}

void InFlightTable::release(QueryIndex index) {
    InFlight& entry = entries_[index];
    assert(entry.in_use);
    entry.in_use = false;
    extra_bytes_ -= extra_bytes_of(entry);
    entry.large_bytes = 0;
    entry.large_message.reset();
    entry.fallback.reset();
    entry.next_free = free_;
    free_ = index;
    --size_;
}

std::size_t InFlightTable::bytes_of_one() { return sizeof(InFlight) + stride; }

std::size_t InFlightTable::extra_bytes_of(const InFlight& entry) {
    return entry.large_bytes + (entry.fallback ? entry.fallback->message.capacity() : 0);
}

void InFlightTable::keep_reply(QueryIndex index, dns::Bytes reply, bool by_stream, dns::AddedSubnet added) {
    InFlight& entry = entries_[index];
    assert(entry.in_use && !entry.fallback);
    auto kept = std::make_unique<StoredReply>();
    kept->message.assign(reply.begin(), reply.end());
    kept->by_stream = by_stream;
    kept->added = added;
    entry.fallback = std::move(kept);
    extra_bytes_ += entry.fallback->message.capacity();
}

std::unique_ptr<StoredReply> InFlightTable::take_reply(QueryIndex index) {
    std::unique_ptr<StoredReply> reply = std::move(entries_[index].fallback);
    if (reply) extra_bytes_ -= reply->message.capacity();
    return reply;
}

void InFlightTable::trim() {
    const std::uint32_t most = std::exchange(most_, size_);
    // Not for the ups and downs of every day: what was needed in the last second may be needed in the next.
    if (touched_ < places_kept || most > touched_ / 2) return;
    std::uint32_t keep = std::max(most, places_kept);
    for (std::uint32_t i = touched_; i > keep; --i) {
        if (entries_[i - 1].in_use) keep = i;
    }
    if (keep == touched_) return;
    for (std::uint32_t i = keep; i < touched_; ++i) entries_[i].~InFlight();
    give_back(entries_ + keep, entries_ + touched_);
    give_back(messages_ + keep * stride, messages_ + touched_ * stride);
    touched_ = keep;
    free_ = no_query;
    for (std::uint32_t i = touched_; i-- > 0;) {
        if (entries_[i].in_use) continue;
        entries_[i].next_free = free_;
        free_ = i;
    }
}

dns::MutableBytes InFlightTable::room(QueryIndex index, std::size_t growth) {
    const dns::MutableBytes stored = message(index);
    return {stored.data(), std::min(stored.size() + growth, dns::max_message_length)};
}

void InFlightTable::set_length(QueryIndex index, std::size_t length) {
    entries_[index].message_length = static_cast<std::uint16_t>(length);
}

void InFlightTable::set_preface(QueryIndex index, dns::Bytes preface) {
    assert(preface.size() <= preface_room);
    entries_[index].preface_length = static_cast<std::uint8_t>(preface.size());
    std::copy(preface.begin(), preface.end(), message(index).data() - preface.size());
}

dns::Bytes InFlightTable::preface(QueryIndex index) { return datagram(index).first(entries_[index].preface_length); }

dns::Bytes InFlightTable::datagram(QueryIndex index) {
    const std::size_t preface_length = entries_[index].preface_length;
    const dns::MutableBytes stored = message(index);
    return {stored.data() - preface_length, preface_length + stored.size()};
}

dns::MutableBytes InFlightTable::message(QueryIndex index) {
    InFlight& entry = entries_[index];
    std::uint8_t* place = entry.large_message ? entry.large_message.get() : messages_ + index * stride;
    return {place + preface_room, entry.message_length};
}

}  // namespace dproxy::proxy
