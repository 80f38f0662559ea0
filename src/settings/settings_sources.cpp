// SPDX-License-Identifier: MIT
#include "settings/settings_sources.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "ini/excerpt.hpp"
#include "ini/ini_reader.hpp"
#include "ini/nearest_name.hpp"
#include "ini/typed_values.hpp"
#include "settings/tls_keys.hpp"

namespace dproxy::config {
namespace {

constexpr std::string_view main_section = "dproxy";
constexpr std::string_view old_section = "redis";           // of the Go program, which kept its routes there
constexpr std::string_view old_key = "bootstrapdelay";      // likewise: how long it waited for that
constexpr std::string_view flag_prefix = "--";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `*PORT_<n>_*`
bool names_port_number(std::string_view name) {
    constexpr std::string_view port = "PORT_";
    for (auto at = name.find(port); at != std::string_view::npos; at = name.find(port, at + 1)) {
        const auto rest = name.substr(at + port.size());
        const auto digits = std::find_if_not(rest.begin(), rest.end(), is_digit);
        if (digits != rest.begin() && digits != rest.end() && *digits == '_') {
            return true;
        }
    }
    return false;
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return lower;
}

/// A value and where it stands.
struct Given {
    std::string file;
    std::uint32_t line = 0;
    std::string_view value;
};

class Reader {
public:
    explicit Reader(const SettingCapabilities& capabilities) : capabilities_(capabilities) {
        reading_.settings = default_settings();
    }

    void read_file(const MainFile& file);
    void read_environment(const std::vector<std::string>& environment);
    void read_flags(const std::vector<Assignment>& flags);
    SettingsReading finish();

private:
    void report(Severity severity, const Given& at, std::string message) {
        reading_.diagnostics.push_back({severity, at.file, at.line, std::move(message)});
    }
    /// `known_key` in lower case.
    void give(std::string_view known_key, Given given) { given_[std::string(known_key)].push_back(std::move(given)); }
    void read_section(const Given& at);
    void read_file_key(std::string_view key, const Given& given);
    void check_master_upstream();
    void check_tls();
    void sort_by_line();

    SettingCapabilities capabilities_;
    SettingsReading reading_;
    std::map<std::string, std::vector<Given>, std::less<>> given_;  ///< by key, in the order of precedence
    bool section_known_ = false;                                    ///< the keys of the main file are for us
    std::string file_name_;
};

void Reader::read_section(const Given& at) {
    section_known_ = equal_words(at.value, main_section);
    if (equal_words(at.value, old_section)) {
        report(Severity::warning, at, "[redis] is ignored: routes are read from files alone");
    } else if (!section_known_ && !at.value.empty()) {
        report(Severity::error, at, "unknown section " + excerpt(at.value) + "; expected [dproxy]");
    }
}

void Reader::read_file_key(std::string_view key, const Given& given) {
    if (!section_known_) {
        return;  // one message for the section is enough
    } else if (key == old_key) {
        report(Severity::warning, given, "`bootstrapdelay` is ignored: there is nothing to wait for");
    } else if (find_setting_key(key) == nullptr) {
        report(Severity::error, given, unknown_key(key, setting_key_names()));
    } else if (const auto first = given_.find(key); first != given_.end()) {
        report(Severity::error, given, "`" + std::string(key) + "` stands twice, first in line " +
                                           std::to_string(first->second.front().line));
    } else {
        give(key, given);
    }
}

void Reader::read_file(const MainFile& file) {
    file_name_ = file.name;
    // What stands in a line that cannot be read may be the secret.
    const bool has_secret = lower_case(file.text).find("cookie_secret") != std::string::npos;
    bool faulty_header = false;
    for (const auto& event : read_ini(file.text)) {
        const Given at{file.name, event.line, event.text};
        switch (event.kind) {
            case IniEvent::Kind::fault:
                report(Severity::error, at, has_secret ? without_excerpts(event.fault) : event.fault);
                break;
            case IniEvent::Kind::section:
                faulty_header = event.text.empty();
                read_section(at);
                break;
            case IniEvent::Kind::key:
                if (!faulty_header) {
                    read_file_key(event.key, at);
                }
                break;
        }
    }
}

void Reader::read_environment(const std::vector<std::string>& environment) {
    for (const std::string_view variable : environment) {
        const auto equals = variable.find('=');
        const auto name = variable.substr(0, equals);
        if (equals == std::string_view::npos || !name.starts_with(environment_prefix) || name == main_file_variable) {
            continue;
        }
        const auto value = variable.substr(equals + 1);
        if (is_service_variable(name, value)) {
            continue;
        }
        const auto key = lower_case(name.substr(environment_prefix.size()));
        const Given given{std::string(name), 0, value};
        if (find_setting_key(key) == nullptr) {
            report(Severity::error, given, unknown_key(key, setting_key_names()));
        } else {
            give(key, given);
        }
    }
}

void Reader::read_flags(const std::vector<Assignment>& flags) {
    for (const auto& [key, value] : flags) {
        const Given given{std::string(flag_prefix) + key, 0, value};
        if (find_setting_key(key) == nullptr) {
            report(Severity::error, given, unknown_key(key, setting_key_names()));
        } else {
            give(key, given);
        }
    }
}

void Reader::check_master_upstream() {
    const auto& settings = reading_.settings;
    const auto master = given_.find("masterupstream");
    const auto use = given_.find("usemasterupstream");
    const bool named = settings.master_is_system || !settings.master_upstream.empty();
    if (settings.use_master_upstream && !named) {
        const auto& at = master != given_.end() ? master->second.back() : use->second.back();
        report(Severity::error, at,
               "`usemasterupstream` is true without a `masterupstream`; expected addresses, or `system`");
    } else if (named && use == given_.end()) {
        report(Severity::warning, master->second.back(),
               "`masterupstream` is not used: `usemasterupstream` is false unless it is set");
    }
}

void Reader::check_tls() {
    const Discord discord = discord_of(reading_.settings.tls);
    if (!discord.fault.empty()) report(Severity::error, given_.find(discord.key)->second.back(), discord.fault);
}

/// The main file first, from top to bottom; the others as they were found.
void Reader::sort_by_line() {
    const auto place = [this](const Diagnostic& fault) {
        return std::pair(fault.file != file_name_, fault.file == file_name_ ? fault.line : 0);
    };
    std::stable_sort(reading_.diagnostics.begin(), reading_.diagnostics.end(),
                     [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
}

SettingsReading Reader::finish() {
    // In the order of the table, as `port` is the default of others; in each key, the later source wins.
    for (const auto& key : setting_keys()) {
        const auto values = given_.find(key.name);
        if (values == given_.end()) {
            continue;
        }
        for (const auto& given : values->second) {
            const auto fault = key.apply(given.value, capabilities_, reading_.settings);
            if (!fault.empty()) {
                // The name of a variable or a flag names the key already.
                const auto prefix = given.line == 0 ? "" : "`" + std::string(key.name) + "`: ";
                report(Severity::error, given, prefix + fault);
            }
        }
    }
    sort_by_line();
    const auto& faults = reading_.diagnostics;
    if (std::none_of(faults.begin(), faults.end(), [](const auto& d) { return d.severity == Severity::error; })) {
        check_master_upstream();
        check_tls();
    }
    return std::move(reading_);
}

}  // namespace

SettingsReading read_settings(const SettingsSources& sources, const SettingCapabilities& capabilities) {
    Reader reader(capabilities);
    if (sources.main_file) {
        reader.read_file(*sources.main_file);
    }
    reader.read_environment(sources.environment);
    reader.read_flags(sources.flags);
    return reader.finish();
}

std::optional<std::string_view> environment_value(const std::vector<std::string>& environment, std::string_view name) {
    for (const std::string_view variable : environment) {
        if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=') {
            return variable.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

bool is_service_variable(std::string_view name, std::string_view value) {
    if (!name.starts_with(environment_prefix)) {
        return false;
    }
    const auto rest = name.substr(environment_prefix.size());
    return rest.ends_with("SERVICE_HOST") || rest.find("SERVICE_PORT") != std::string_view::npos ||
           names_port_number(rest) || (rest.ends_with("PORT") && value.find("://") != std::string_view::npos);
}

}  // namespace dproxy::config
