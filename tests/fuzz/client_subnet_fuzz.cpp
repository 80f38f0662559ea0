// SPDX-License-Identifier: MIT
// A client's network added to a query and taken out again leaves the query as it was; taken out of any
// reply, it leaves one that is no longer, and still walks where it did.
#include <algorithm>
#include <vector>

#include "dns/client_subnet.hpp"
#include "dns/record.hpp"
#include "fuzz.hpp"

using namespace dproxy::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes message(data, size);
    const Query query = read_query(message);
    for (const char* client : {"192.0.2.1", "2001:db8::1"}) {
        std::vector<std::uint8_t> out(size + client_subnet_growth);
        const auto [added, length] = add_client_subnet(message, query, *dproxy::net::Address::parse(client), out);
        if (added == AddedSubnet::nothing) continue;
        out.resize(length);
        const Query changed = read_query(out);
        MUST_HOLD(changed.form == QueryForm::good && changed.has_client_subnet);
        MUST_HOLD(changed.udp_size == query.udp_size && changed.dnssec_ok == query.dnssec_ok);
        out.resize(remove_client_subnet(out, added));
        MUST_HOLD(std::equal(out.begin(), out.end(), message.begin(), message.end()));
    }
    for (const auto added : {AddedSubnet::nothing, AddedSubnet::option, AddedSubnet::opt}) {
        std::vector<std::uint8_t> reply(message.begin(), message.end());
        reply.resize(remove_client_subnet(reply, added));
        MUST_HOLD(reply.size() <= size && find_opt(reply).walks == find_opt(message).walks);
    }
    return 0;
}
