// SPDX-License-Identifier: MIT
// What stands before the body of a response: status and fields. A body is a DNS message or there is none, so a refusal
// says what it says by its status.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "dns/message.hpp"
#include "http/status.hpp"

namespace dproxy::http {

struct Field {
    std::string_view name;  ///< in lower case
    std::string_view value;
};

/// Why a request has no DNS message for an answer.
struct Refusal {
    Status status = Status::bad_request;
    bool is_preflight = false;  ///< no refusal: what may be done is what was asked (a browser, before a POST)
};

/// One response's. Fields are views into it: it stays where it was made.
class ResponseHead {
public:
    /// Of an answer: how long HTTP caches may keep it is its least TTL (RFC 8484 5.1), 0 where that is none.
    explicit ResponseHead(dns::Bytes answer);
    explicit ResponseHead(const Refusal& refusal);
    ResponseHead(const ResponseHead&) = delete;
    ResponseHead& operator=(const ResponseHead&) = delete;

    Status status() const { return status_; }
    std::string_view status_text() const { return {status_text_.data(), status_text_.size()}; }
    /// Those that change from one answer to the next stand last.
    std::span<const Field> fields() const { return {fields_.data(), count_}; }
    static bool is_of_one_answer(std::string_view name) { return name == "content-length" || name == "cache-control"; }

private:
    void set_status(Status status);
    void add(std::string_view name, std::string_view value) { fields_[count_++] = {name, value}; }
    /// Writes the number behind what stands in `numbers_`.
    std::string_view number(std::string_view before, std::size_t value);

    Status status_ = Status::ok;
    std::array<char, 3> status_text_{};
    std::array<Field, 6> fields_{};
    std::size_t count_ = 0;
    std::array<char, 48> numbers_{};
    std::size_t used_ = 0;
};

}  // namespace dproxy::http
