// SPDX-License-Identifier: MIT
#include "cli/file_verdict.hpp"

#include <boost/json.hpp>

#include "ini/diagnostic.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::cli {
namespace {

namespace json = boost::json;
using Kind = FileVerdict::Kind;

/// Empty where there is none.
std::string text_of(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(*text);
}

bool is_true(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::string faults_of(const json::object& file) {
    std::string text;
    const json::value* faults = file.if_contains("faults");
    for (const auto& one : faults != nullptr && faults->is_array() ? faults->get_array() : json::array{}) {
        const json::object* fault = one.if_object();
        if (fault == nullptr || text_of(*fault, "severity") != "error") continue;
        const json::value* line = fault->if_contains("line");
        config::Diagnostic diagnostic;
        diagnostic.file = text_of(*fault, "file");
        if (line != nullptr && line->is_int64()) diagnostic.line = static_cast<std::uint32_t>(line->get_int64());
        diagnostic.message = text_of(*fault, "message");
        text += (text.empty() ? "" : "\n") + diagnostic.to_string();
    }
    return text;
}

std::string state_of(const json::object& file) {
    const std::string hash = text_of(file, "hash");
    const std::string in_force = text_of(file, "hash_in_force");
    std::string text = text_of(file, "file") + ": ";
    text += hash.empty() ? "what stands in the file is not known" : hash + " stands in the file";
    const std::string since = text_of(file, "since");
    text += in_force.empty() ? ", nothing of it is in force" : ", " + in_force + " is in force since " + since;
    if (const std::string faults = faults_of(file); !faults.empty()) text += '\n' + faults;
    return text;
}

}  // namespace

FileVerdict judge_file(std::string_view text, std::string_view name, std::string_view hash) {
    boost::system::error_code error;
    const json::value report = json::parse(json::string_view(text.data(), text.size()), error);
    const json::object* object = error ? nullptr : report.if_object();
    const json::value* files = object == nullptr ? nullptr : object->if_contains("files");
    if (files == nullptr || !files->is_array()) return {Kind::not_yet, "the answer tells nothing of files"};
    const json::object* found = nullptr;
    const json::array& all = files->get_array();
    for (const json::value& one : all) {
        const json::object* file = one.if_object();
        // A whole name is meant, even where it ends another one.
        if (file != nullptr && (all.size() == 1 || text_of(*file, "file") == name)) found = file;
    }
    if (found == nullptr && !all.empty()) {
        std::string several = "several files are called " + config::excerpt(name) + "; expected more of its path:";
        for (std::size_t i = 0; i < all.size() && i < 2; ++i) {
            if (const json::object* file = all[i].if_object()) several += (i > 0 ? ", " : " ") + text_of(*file, "file");
        }
        return {Kind::ambiguous, several + (all.size() > 2 ? ", ..." : "")};
    }
    if (found == nullptr) return {Kind::not_yet, "no file is called " + config::excerpt(name)};

    const bool stands = text_of(*found, "hash") == hash;
    if (stands && !is_true(*found, "valid")) {
        const std::string faults = faults_of(*found);
        return {Kind::faulty, faults.empty() ? text_of(*found, "file") + ": has a fault; the log names it" : faults};
    }
    if (text_of(*found, "hash_in_force") != hash) return {Kind::not_yet, state_of(*found)};
    return {Kind::in_force, text_of(*found, "file") + ": in force since " + text_of(*found, "since")};
}

}  // namespace dproxy::cli
