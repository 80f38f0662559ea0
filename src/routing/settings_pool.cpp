// SPDX-License-Identifier: MIT
#include "routing/settings_pool.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/keyed_hash.hpp"

namespace dproxy::routing {

namespace {

class Digest {
public:
    Digest& add(std::uint64_t number) {
        state_ = hash_.take_number(state_, number);
        return *this;
    }
    Digest& add(std::string_view text) {
        state_ = hash_.take_text(state_, text);
        return *this;
    }
    Digest& add(const net::Endpoint& endpoint) {
        const auto* bytes = reinterpret_cast<const char*>(endpoint.address.bytes.data());
        return add(std::string_view(bytes, endpoint.address.bytes.size())).add(endpoint.port);
    }
    Digest& add(const std::vector<net::Network>& networks) {
        add(networks.size());
        for (const net::Network& network : networks) add(net::Endpoint{network.base, network.prefix});
        return *this;
    }
    template <typename... Numbers>
    void add_all(Numbers... numbers) {
        (add(static_cast<std::uint64_t>(numbers)), ...);
    }
    std::size_t value() const { return static_cast<std::size_t>(hash_.finish(state_)); }

private:
    const net::KeyedHash& hash_ = net::process_hash();
    std::uint64_t state_ = hash_.begin();
};

}  // namespace

std::shared_ptr<const RouteSettings> SettingsPool::intern(RouteSettings settings) {
    if (const auto known = known_.find(settings); known != known_.end()) return *known;
    return *known_.insert(std::make_shared<const RouteSettings>(std::move(settings))).first;
}

void SettingsPool::forget_unused() {
    // Only this thread hands out pointers of the pool: one that nobody else holds stays so.
    std::erase_if(known_, [](const Shared& settings) { return settings.use_count() == 1; });
}

std::size_t SettingsPool::longest_chain() const {
    std::size_t longest = 0;
    for (std::size_t bucket = 0; bucket < known_.bucket_count(); ++bucket) {
        longest = std::max(longest, known_.bucket_size(bucket));
    }
    return longest;
}

std::size_t SettingsPool::Hash::operator()(const RouteSettings& settings) const noexcept {
    // All that equality looks at, or settings could be written that differ in the rest and all meet. A member that is
    // added is missing here, and the compiler says so.
    const auto& [targets, protocol, policy, timeout, attempts, fallback_on, hedge, hedge_after, max_inflight, health,
                 probe, answer, answer_addresses, ttl, keeping, query_log, audience, allow_all, allow, client_subnet,
                 proxy_protocol, tls, https_path] = settings;
    const auto& [verify, name, authorities, pins, certificate, key] = tls;
    Digest digest;
    digest.add(targets.size());
    for (const Target& target : targets) digest.add(target.host).add(target.endpoint);
    digest.add_all(protocol, policy, timeout.count(), attempts, fallback_on, hedge, hedge_after.count(), max_inflight,
                   health, answer, ttl.count(), allow_all, client_subnet, proxy_protocol, verify);
    const auto& [cache, merge, least, most, negative, stale, stale_after, prefetch] = keeping;
    digest.add_all(cache, merge, least.count(), most.count(), negative.count(), stale.count(), stale_after.count(),
                   prefetch);
    digest.add_all(query_log.has_value(), query_log.value_or(0));
    digest.add(probe ? probe->name : std::string_view()).add(probe ? probe->type : 0u);
    digest.add(answer_addresses.size());
    for (const net::Address& address : answer_addresses) digest.add(net::Endpoint{address, 0});
    digest.add(allow.networks()).add(audience.clients);
    digest.add(audience.types.size());
    for (const std::uint16_t type : audience.types) digest.add(type);
    digest.add(https_path).add(name).add(pins.size());
    for (const std::string& pin : pins) digest.add(pin);
    for (const TextBeside* file : {&authorities, &certificate, &key}) digest.add(file->name).add(file->digest);
    return digest.value();
}

}  // namespace dproxy::routing
