// SPDX-License-Identifier: MIT
#include "cli/arguments.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "dns/message.hpp"
#include "ini/excerpt.hpp"
#include "ini/nearest_name.hpp"
#include "ini/typed_values.hpp"
#include "settings/setting_keys.hpp"

namespace dproxy::cli {
namespace {

struct VerbName {
    std::string_view name;
    Verb verb;
};
constexpr std::array verb_names{
    VerbName{"serve", Verb::serve},   VerbName{"check", Verb::check},             VerbName{"explain", Verb::explain},
    VerbName{"routes", Verb::routes}, VerbName{"healthcheck", Verb::healthcheck}, VerbName{"ask", Verb::ask},
    VerbName{"diff", Verb::diff},     VerbName{"import", Verb::import},           VerbName{"wait", Verb::wait},
    VerbName{"flush", Verb::flush},   VerbName{"top", Verb::top},                 VerbName{"trace", Verb::trace},
};

using config::excerpt;

/// RFC 7858 3.1, RFC 8484 4.
std::uint16_t port_of(AskTransport by) { return by == AskTransport::tls ? 853 : by == AskTransport::https ? 443 : 53; }

constexpr std::size_t hash_digits = 16;  ///< of config::ContentHash

/// Which have routes as they stand somewhere.
bool has_routes(Verb verb) { return verb == Verb::explain || verb == Verb::routes || verb == Verb::diff; }
bool asks_instance(Verb verb) {
    return has_routes(verb) || verb == Verb::wait || verb == Verb::flush || verb == Verb::top || verb == Verb::trace;
}
/// Takes no value.
bool is_flag(std::string_view option) {
    constexpr std::string_view flags[] = {"--tcp", "--tls", "--https", "--insecure", "--once"};
    return std::find(std::begin(flags), std::end(flags), option) != std::end(flags);
}
bool has_formats(Verb verb) { return verb == Verb::check || has_routes(verb); }

/// "; did you mean `x`?", or where to look where no name is near.
std::string suggestion(std::string_view found, std::span<const std::string_view> known, std::string_view prefix = "") {
    const auto nearest = config::nearest_name(found, known);
    if (nearest.empty()) return "; dproxy --help lists what there is";
    return "; did you mean `" + std::string(prefix) + std::string(nearest) + "`?";
}

/// One pass over the words: options as they come, the others kept for the verb.
class Parser {
public:
    explicit Parser(std::span<const std::string> words) : words_(words) {}

    ParsedArguments parse() {
        find_verb();
        while (error_.empty() && next_ < words_.size()) {
            const std::string_view word = words_[next_++];
            if (word == "-h" || word == "--help" || word == "--version") {
                Arguments asked;
                asked.verb = word == "--version" ? Verb::version : Verb::help;
                return {asked, ""};
            }
            if (word.size() > 1 && word.starts_with('-')) {
                read_option(word);
            } else if (next_ - 1 != verb_at_) {
                read_positional(word);
            }
        }
        check_words();
        return {std::move(arguments_), std::move(error_)};
    }

private:
    void fail(std::string message) {
        if (error_.empty()) {
            error_ = std::move(message);
        }
    }

    /// Whether the verb has what it needs.
    void check_words() {
        const Verb verb = arguments_.verb;
        if (verb == Verb::ask) check_ask();
        const bool needs_name = verb == Verb::explain || verb == Verb::ask || verb == Verb::trace;
        if (needs_name && arguments_.name.empty()) {
            fail("a NAME is missing, as in: dproxy " + std::string(verb_text_) + " www.example.com");
        }
        if (arguments_.verb == Verb::import && arguments_.file.empty()) {
            fail("a FILE is missing, as in: dproxy import /etc/dnsmasq.conf");
        }
        const std::size_t sides = arguments_.directories.size() + (arguments_.url ? 1 : 0);
        if (arguments_.verb == Verb::diff && (sides != 2 || arguments_.directories.empty())) {
            fail("diff compares two directories, dproxy diff OLD NEW, or a running instance with one, dproxy diff "
                 "--admin URL NEW");
        }
        if (arguments_.verb == Verb::wait && (arguments_.file.empty() || arguments_.hash.empty())) {
            fail("--file and --hash are needed, as in: dproxy wait --file team-a/a.prox --hash 0123456789abcdef");
        }
    }

    /// What the options of `ask` say together.
    void check_ask() {
        const auto& ask = arguments_;
        if (!server_word_.empty()) read_server(server_word_);
        if (!is_encrypted(ask.transport) && (ask.insecure || !ask.ca_file.empty() || !ask.server_name.empty())) {
            fail("--ca, --name and --insecure say what certificate is taken; expected --tls or --https with them");
        }
        if (ask.insecure && !ask.ca_file.empty()) fail("--ca and --insecure: any certificate is taken; expected one");
        if (!ask.path.empty() && ask.transport != AskTransport::https) fail("--path goes with --https");
        if (!ask.path.empty() && !ask.path.starts_with('/')) {
            fail("--path: " + excerpt(ask.path) + " was found; expected a path such as /dns-query");
        }
    }

    /// The verb decides what the options mean (`--admin`), so it is looked for before them: the first
    /// word that is neither an option nor the value of one.
    void find_verb() {
        for (std::size_t at = 0; at < words_.size(); ++at) {
            const std::string_view word = words_[at];
            if (!word.starts_with('-')) {
                return set_verb(word, at);
            }
            const bool alone = is_flag(word) || word.find('=') != std::string_view::npos ||
                               (at + 1 < words_.size() && words_[at + 1].starts_with("--"));
            at += alone ? 0 : 1;
        }
    }

    void set_verb(std::string_view word, std::size_t at) {
        std::array<std::string_view, verb_names.size()> known;
        for (std::size_t i = 0; i < verb_names.size(); ++i) {
            known[i] = verb_names[i].name;
            if (word == known[i]) {
                arguments_.verb = verb_names[i].verb;
                verb_text_ = known[i];
                verb_at_ = at;
                return;
            }
        }
        fail("unknown verb " + excerpt(word) + suggestion(word, known));
    }

    /// The value after `=`, or the next word.
    std::string_view take_value(std::string_view option, std::optional<std::string_view> attached) {
        if (attached) {
            return *attached;
        }
        if (next_ == words_.size() || words_[next_].starts_with("--")) {
            fail(std::string(option) + " needs a value");
            return {};
        }
        return words_[next_++];
    }

    void read_option(std::string_view word) {
        const auto equals = word.find('=');
        const auto option = word.substr(0, equals);
        std::optional<std::string_view> attached;
        if (equals != std::string_view::npos) {
            attached = word.substr(equals + 1);
        }
        const auto verb = arguments_.verb;
        if (is_flag(option) && (option == "--once" ? verb == Verb::top : verb == Verb::ask)) {
            if (attached) fail(std::string(option) + " takes no value");
            read_flag(option);
        } else if (verb == Verb::ask && (option == "--ca" || option == "--name" || option == "--path")) {
            auto& text = option == "--ca" ? arguments_.ca_file
                                          : option == "--name" ? arguments_.server_name : arguments_.path;
            text = take_value(option, attached);
            if (text.empty()) fail(std::string(option) + " needs a value");
        } else if (option == "--config") {
            arguments_.config_file = std::string(take_value(option, attached));
        } else if (option == "--format" && has_formats(verb)) {
            read_format(take_value(option, attached));
        } else if (verb == Verb::wait && (option == "--file" || option == "--hash" || option == "--for")) {
            read_wait(option, take_value(option, attached));
        } else if (verb == Verb::trace && option == "--for") {
            read_duration(take_value(option, attached));
        } else if (option == "--admin" && asks_instance(verb)) {
            arguments_.url = std::string(take_value(option, attached));
        } else if (option == "--client" && verb == Verb::explain) {
            read_client(take_value(option, attached));
        } else if (option == "--from" && verb == Verb::import) {
            read_language(take_value(option, attached));
        } else if (option == "--to" && verb == Verb::import) {
            arguments_.to = std::string(take_value(option, attached));
        } else if (option == "--expect" && verb == Verb::ask) {
            read_expect(take_value(option, attached));
        } else {
            read_setting(option, attached);
        }
    }

    void read_flag(std::string_view option) {
        if (option == "--once") {
            arguments_.once = true;
        } else if (option == "--insecure") {
            arguments_.insecure = true;
        } else {
            if (!transport_word_.empty() && transport_word_ != option) {
                return fail(std::string(transport_word_) + " and " + std::string(option) +
                            " are two transports; expected one");
            }
            transport_word_ = option;
            arguments_.transport = option == "--tcp"   ? AskTransport::tcp
                                   : option == "--tls" ? AskTransport::tls
                                                       : AskTransport::https;
        }
    }

    void read_wait(std::string_view option, std::string_view value) {
        if (!error_.empty()) return;
        if (option == "--file") {
            arguments_.file = value;
        } else if (option == "--hash") {
            read_hash(value);
        } else {
            const auto patience = config::parse_duration(value, std::chrono::milliseconds{0}, longest_wait);
            if (!patience) return fail("--for: " + patience.fault);
            arguments_.patience = *patience;
        }
    }

    void read_duration(std::string_view value) {
        const auto duration = config::parse_duration(value, std::chrono::seconds{1}, longest_trace);
        if (!duration) return fail("--for: " + duration.fault);
        arguments_.duration = *duration;
    }

    void read_hash(std::string_view value) {
        constexpr std::string_view digits = "0123456789abcdef";
        for (const char c : value) arguments_.hash += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
        if (value.size() == hash_digits && arguments_.hash.find_first_not_of(digits) == std::string::npos) return;
        fail("--hash: " + excerpt(value) + " was found; expected the " + std::to_string(hash_digits) +
             " hex digits that `dproxy check --format json` prints for the file");
    }

    void read_format(std::string_view value) {
        arguments_.json = value == "json";
        arguments_.markdown = value == "markdown" && arguments_.verb == Verb::diff;
        if (error_.empty() && !arguments_.json && !arguments_.markdown && value != "text") {
            fail("--format: " + excerpt(value) + " was found; expected " +
                 (arguments_.verb == Verb::diff ? "text, json or markdown" : "text or json"));
        }
    }

    void read_client(std::string_view value) {
        arguments_.client = net::Address::parse(value);
        if (!arguments_.client) {
            fail("--client: " + excerpt(value) + " was found; expected an address such as 192.0.2.1 or 2001:db8::1");
        }
    }

    void read_language(std::string_view value) {
        arguments_.from = foreign::parse_language(value);
        if (!arguments_.from) {
            fail("--from: " + excerpt(value) + " was found; expected corefile, dnsmasq, unbound or bind");
        }
    }

    void read_expect(std::string_view value) {
        const int rcode = dns::parse_rcode(value);
        if (rcode < 0 || rcode > 15) {
            return fail("--expect: " + excerpt(value) + " was found; expected an rcode such as NOERROR or REFUSED");
        }
        arguments_.expect = static_cast<std::uint8_t>(rcode);
    }

    void read_setting(std::string_view option, std::optional<std::string_view> attached) {
        const auto key = option.starts_with("--") ? option.substr(2) : std::string_view{};
        if (key.empty() || config::find_setting_key(key) == nullptr) {
            return fail("unknown option " + excerpt(option) + suggestion(key, config::setting_key_names(), "--"));
        }
        const auto value = take_value(option, attached);
        arguments_.settings.push_back({std::string(key), std::string(value)});
    }

    void read_positional(std::string_view word) {
        switch (arguments_.verb) {
            case Verb::check:
            case Verb::routes:
            case Verb::diff:
                arguments_.directories.emplace_back(word);
                return;
            case Verb::explain:
            case Verb::ask:
                return read_question(word);
            case Verb::flush:
            case Verb::trace:
                if (!arguments_.name.empty()) break;
                return read_one_name(word);
            case Verb::import:
                if (!arguments_.file.empty()) break;
                arguments_.file = std::string(word);
                return;
            case Verb::healthcheck:
                if (!arguments_.url) {
                    arguments_.url = std::string(word);
                    return;
                }
                break;
            default:
                break;
        }
        fail("unexpected argument " + excerpt(word) + " (dproxy --help shows the usage)");
    }

    /// An empty word is a variable that was not set, and not meant for all.
    void read_one_name(std::string_view word) {
        if (word.empty() && arguments_.verb == Verb::flush) return fail("NAME is empty; leave it out to forget all");
        arguments_.name = std::string(word);
    }

    void read_question(std::string_view word) {
        if (arguments_.verb == Verb::ask && word.starts_with('@')) {
            server_word_ = word;
            return;
        }
        if (arguments_.name.empty()) {
            arguments_.name = std::string(word);
            return word.empty() ? fail("NAME is empty, expected a domain name") : void();
        }
        if (arguments_.type) {
            return fail("unexpected argument " + excerpt(word) + " after a name and its type");
        }
        const int type = dns::parse_type(word);
        if (type < 0) {
            return fail(excerpt(word) + " was found; expected a type such as A, MX or TYPE65280");
        }
        arguments_.type = static_cast<std::uint16_t>(type);
    }

    /// The port goes by the transport, which may be said behind it.
    void read_server(std::string_view word) {
        auto target = config::parse_target(word.substr(1), port_of(arguments_.transport));
        if (!target) {
            return fail(excerpt(word) + " was found; expected an address or a host, such as @127.0.0.1:53, @[::1]:53 "
                                        "or @ns.example.com");
        }
        arguments_.server = std::move(*target.value);
    }

    std::span<const std::string> words_;
    std::size_t next_ = 0;
    std::size_t verb_at_ = static_cast<std::size_t>(-1);
    std::string_view verb_text_ = "serve";
    std::string_view transport_word_;  ///< `--tls`; empty: none was said
    std::string_view server_word_;     ///< `@ADDRESS`
    Arguments arguments_;
    std::string error_;
};

}  // namespace

ParsedArguments parse_arguments(std::span<const std::string> words) { return Parser(words).parse(); }

}  // namespace dproxy::cli
