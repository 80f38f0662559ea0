// SPDX-License-Identifier: MIT
#include "proxy/in_flight.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace dproxy::proxy {

namespace {

constexpr std::size_t stride = preface_room + stored_message_bytes;

// Address space only: a page takes memory when it is first written.
void* reserve(std::size_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
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
    QueryIndex index = free_;
    if (index != no_query) {
        free_ = entries_[index].wake_next;
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
    const std::size_t room = message.size() + growth;
    if (room > stored_message_bytes) entry.large_message.reset(new std::uint8_t[preface_room + room]);
    std::memcpy(this->message(index).data(), message.data(), message.size());
    ++size_;
    return index;
}

void InFlightTable::release(QueryIndex index) {
    InFlight& entry = entries_[index];
    assert(entry.in_use);
    entry.in_use = false;
    entry.large_message.reset();
    entry.fallback.reset();
    entry.wake_next = free_;
    free_ = index;
    --size_;
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
