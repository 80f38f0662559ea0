// SPDX-License-Identifier: MIT
#include "server/reader_search.hpp"

#include <algorithm>

namespace dproxy::server {

std::optional<io::ReaderAddress> ReaderSearch::next() {
    if (reader_.host.empty()) return reader_;
    const auto& addresses = host_.addresses;
    if (addresses.empty()) return std::nullopt;
    auto turn = std::find(addresses.begin(), addresses.end(), last_);
    if (turn != addresses.end()) ++turn;
    if (turn == addresses.end()) turn = addresses.begin();
    last_ = *turn;
    ++turns_;
    return io::ReaderAddress{.endpoint = {last_, reader_.endpoint.port}};
}

bool ReaderSearch::leads_to(const io::ReaderAddress& place) const {
    if (reader_.host.empty()) return true;
    const auto& addresses = host_.addresses;
    return std::find(addresses.begin(), addresses.end(), place.endpoint.address) != addresses.end();
}

}  // namespace dproxy::server
