// SPDX-License-Identifier: MIT
// A stream of messages, the first of them the client's query: as a transfer, whatever they are.
#include <vector>

#include "dns/transfer.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes rest(data, size);
    const auto take_message = [&]() -> std::vector<std::uint8_t> {
        if (rest.size() < 2 || rest.size() - 2 < read_u16(rest.data())) return {};
        const Bytes message = rest.subspan(2, read_u16(rest.data()));
        rest = rest.subspan(2 + message.size());
        return {message.begin(), message.end()};
    };
    const auto query = take_message();
    Question question;
    if (query.size() < header_length || read_question(query, question) != QuestionFault::none) return 0;
    TransferProgress transfer(query, question);
    for (auto message = take_message(); !message.empty(); message = take_message())
        if (transfer.feed(message) != TransferProgress::Step::more) break;
    return 0;
}
