// SPDX-License-Identifier: MIT
#include "reports/route_set.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

namespace dproxy::config {
namespace {

namespace json = boost::json;

/// What says who takes a query or where the section stands, and not what becomes of it.
constexpr std::string_view not_of_destination[] = {"pattern", "route", "file",  "line",
                                                   "list",    "list_line", "clients", "types"};

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
    std::vector<std::string> texts;
    const auto* value = object.if_contains(key);
    const auto* list = value == nullptr ? nullptr : value->if_array();
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        if (const auto* text = (*list)[i].if_string()) texts.emplace_back(*text);
    }
    std::sort(texts.begin(), texts.end());
    return texts;
}

std::string_view text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view{} : std::string_view(*text);
}

std::string destination_text(const json::object& route) {
    std::vector<const json::key_value_pair*> members;
    for (const auto& member : route) {
        const std::string_view key = member.key();
        const bool counts = std::find(std::begin(not_of_destination), std::end(not_of_destination), key) ==
                            std::end(not_of_destination);
        if (counts) members.push_back(&member);
    }
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    std::string text = "{";
    for (const auto* member : members) {
        if (text.size() > 1) text += ',';
        text += json::serialize(json::string(member->key())) + ':' + json::serialize(member->value());
    }
    return text + '}';
}

/// Goes through a JSON text value by value: the tree of a million routes would not fit where their text does.
class Walk {
public:
    explicit Walk(std::string_view text) : text_(text) {}

    /// The sign that comes next, if it is this one.
    bool take(char sign) {
        at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
        if (at_ == text_.size() || text_[at_] != sign) return false;
        ++at_;
        return true;
    }
    std::optional<json::value> value() {
        json::error_code error;
        parser_.reset();
        at_ += parser_.write_some(text_.data() + at_, text_.size() - at_, error);
        if (error) return std::nullopt;
        return parser_.release();
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    json::parser parser_;
};

}  // namespace

bool Audience::covers(const Audience& other) const {
    const bool all_clients =
        clients.empty() ||
        (!other.clients.empty() && std::all_of(other.clients.begin(), other.clients.end(), [&](const auto& inner) {
            return std::any_of(clients.begin(), clients.end(), [&](const auto& outer) { return outer.holds(inner); });
        }));
    return all_clients && (types.empty() || (!other.types.empty() && std::includes(types.begin(), types.end(),
                                                                                   other.types.begin(),
                                                                                   other.types.end())));
}

bool Audience::overlaps(const Audience& other) const {
    const auto meets = [&](const net::Network& one) {
        return std::any_of(other.clients.begin(), other.clients.end(),
                           [&](const auto& two) { return one.holds(two) || two.holds(one); });
    };
    const bool clients_meet =
        clients.empty() || other.clients.empty() || std::any_of(clients.begin(), clients.end(), meets);
    const bool types_meet = types.empty() || other.types.empty() ||
                            std::any_of(types.begin(), types.end(), [&](const auto& type) {
                                return std::binary_search(other.types.begin(), other.types.end(), type);
                            });
    return clients_meet && types_meet;
}

std::size_t Audience::rank(const Audience& other) const {
    std::size_t longest = 0;  // of no network at all; the network of every address comes before it
    for (const auto& network : clients) {
        const bool concerns = other.clients.empty() ||
                              std::any_of(other.clients.begin(), other.clients.end(), [&](const auto& one) {
                                  return one.holds(network) || network.holds(one);
                              });
        if (concerns) longest = std::max(longest, std::size_t{network.prefix} + 1);
    }
    return 2 * longest + (types.empty() ? 0 : 1);
}

RouteSet::RouteSet() {
    audiences_.emplace_back();
    audience_numbers_.emplace(std::string(), 0);
}

std::uint32_t RouteSet::Texts::number_of(std::string&& text) {
    const auto [at, is_new] = numbers.try_emplace(std::move(text), static_cast<std::uint32_t>(texts.size()));
    if (is_new) texts.push_back(&at->first);
    return at->second;
}

std::uint32_t RouteSet::audience_of(const json::object& route) {
    if (!route.contains("clients") && !route.contains("types")) return 0;
    Audience audience;
    audience.types = texts_of(route, "types");
    const auto networks = texts_of(route, "clients");
    for (const auto& text : networks) {
        audience.text += (audience.text.empty() ? "clients " : ", ") + text;
        if (const auto network = net::Network::parse(text)) audience.clients.push_back(*network);
    }
    for (std::size_t i = 0; i < audience.types.size(); ++i) {
        const std::string_view before = i > 0 ? ", " : audience.text.empty() ? "types " : "; types ";
        audience.text += std::string(before) + audience.types[i];
    }
    const auto number = static_cast<std::uint32_t>(audiences_.size());
    const auto [at, is_new] = audience_numbers_.try_emplace(audience.text, number);
    if (is_new) audiences_.push_back(std::move(audience));
    return at->second;
}

bool RouteSet::add(const json::object& route) {
    const std::string_view pattern = text_of(route, "pattern");
    if (pattern.empty()) return false;
    Entry entry;
    entry.audience = audience_of(route);
    entry.destination = destinations_.number_of(destination_text(route));
    entry.file = files_.number_of(std::string(text_of(route, "file")));
    const auto* line = route.if_contains("line");
    json::error_code error;
    entry.line = line == nullptr ? 0 : line->to_number<std::uint32_t>(error);
    if (error) entry.line = 0;
    const auto [at, is_new] = patterns_.try_emplace(std::string(pattern), none);
    entry.pattern = at->first;
    entry.next = at->second;
    at->second = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back(entry);
    return true;
}

std::string RouteSet::read(std::string_view text) {
    const std::string not_routes = "the answer is not what /routes of dproxy tells";
    Walk walk(text);
    if (!walk.take('{')) return not_routes;
    bool has_routes = false;
    while (!walk.take('}')) {
        const auto key = walk.value();
        if (!key || !key->is_string() || !walk.take(':')) return not_routes;
        if (key->get_string() == "routes" && walk.take('[')) {
            has_routes = true;
            while (!walk.take(']')) {
                const auto route = walk.value();
                if (!route || !route->is_object() || !add(route->get_object())) return not_routes;
                walk.take(',');
            }
        } else {
            const auto value = walk.value();
            if (!value) return not_routes;
            if (key->get_string() == "otherwise") otherwise_ = json::serialize(*value);
        }
        walk.take(',');
    }
    return has_routes ? std::string() : not_routes;
}

std::uint32_t RouteSet::find(std::string_view pattern) const {
    const auto found = patterns_.find(pattern);
    return found == patterns_.end() ? none : found->second;
}

std::uint32_t RouteSet::find(std::string_view pattern, std::string_view audience) const {
    std::uint32_t at = find(pattern);
    while (at != none && audiences_[entries_[at].audience].text != audience) at = entries_[at].next;
    return at;
}

std::string RouteSet::place(const Entry& entry) const {
    return *files_.texts[entry.file] + ":" + std::to_string(entry.line);
}

}  // namespace dproxy::config
