// SPDX-License-Identifier: MIT
#include "server/flush.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "dns/name.hpp"
#include "ini/excerpt.hpp"
#include "io/monotonic.hpp"

namespace dproxy::server {

admin::Finding flush(cache::AnswerMemory& memory, std::string_view name, telemetry::Log& log) {
    const auto read = dns::Name::parse(name, true);
    if (read.fault) {
        return {false, "The name " + config::excerpt(name) + " cannot be read: " +
                           std::string(dns::describe(*read.fault)) + ". Expected one such as example.com."};
    }
    const auto is_at_or_below = [&](const cache::KeptAnswer& kept) {
        const dns::Bytes question = kept.key().question;
        return dns::is_within(question.first(question.size() - 4), read.name.wire());  // less type and class
    };
    const std::uint64_t forgotten = memory.forget(is_at_or_below, io::monotonic_ns());
    const std::string text = read.name.to_text();
    log.info("kept answers forgotten", {{"name", text}, {"answers", forgotten}});
    return {true, boost::json::serialize(boost::json::object{{"name", text}, {"forgotten", forgotten}})};
}

}  // namespace dproxy::server
