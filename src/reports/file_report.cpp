// SPDX-License-Identifier: MIT
#include "reports/file_report.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "reports/rfc3339.hpp"

namespace dproxy::config {
namespace {

namespace json = boost::json;

json::value hash_json(const ContentHash* hash) {
    if (hash == nullptr) return nullptr;
    return json::value(hash->to_string());
}

}  // namespace

json::object fault_json(const Diagnostic& fault) {
    return {{"file", fault.file},
            {"line", fault.line},
            {"severity", fault.severity == Severity::error ? "error" : "warning"},
            {"message", fault.message}};
}

json::object file_json(const RouteFileState& file, const FilesInForce* in_force) {
    json::object object{{"file", file.name}, {"valid", file.valid}, {"in_force", file.in_force}};
    object["hash"] = hash_json(file.content ? &*file.content : nullptr);
    if (in_force == nullptr) {
        object["hash_in_force"] = hash_json(file.content_in_force ? &*file.content_in_force : nullptr);
    } else {
        const FilesInForce::Version* version = in_force->find(file.name);
        object["hash_in_force"] = hash_json(version != nullptr ? &version->content : nullptr);
        object["since"] = version != nullptr ? json::value(rfc3339(version->since)) : json::value(nullptr);
    }
    object["routes"] = file.routes;
    if (!file.lists.empty()) object["lists"] = json::array(file.lists.begin(), file.lists.end());
    if (!file.texts.empty()) object["tls_files"] = json::array(file.texts.begin(), file.texts.end());
    return object;
}

bool is_named(std::string_view file, std::string_view name) {
    if (name.empty() || !file.ends_with(name)) return false;
    return file.size() == name.size() || name.front() == '/' || file[file.size() - name.size() - 1] == '/';
}

FileListing::FileListing(std::shared_ptr<const RoutesState> routes, std::shared_ptr<const FilesInForce> in_force)
    : routes_(std::move(routes)), in_force_(std::move(in_force)) {
    for (const Diagnostic& fault : routes_->faults) faults_.emplace(fault.file, &fault);
}

std::string FileListing::described(const RouteFileState& file) const {
    std::vector<const Diagnostic*> own;
    const auto add_those_of = [&](std::string_view name) {
        const auto [first, end] = faults_.equal_range(name);
        for (auto fault = first; fault != end; ++fault) own.push_back(fault->second);
    };
    add_those_of(file.name);
    for (const std::string& list : file.lists) add_those_of(list);
    std::sort(own.begin(), own.end());  // as they stand in the state
    json::array faults;
    for (const Diagnostic* fault : own) faults.push_back(fault_json(*fault));
    json::object object = file_json(file, in_force_.get());
    object["faults"] = std::move(faults);
    return json::serialize(object);
}

bool FileListing::append(std::size_t& at, std::string& text) const {
    const std::vector<RouteFileState>& files = routes_->files;
    if (at == 0) text += "{\"files\":[";
    for (const std::size_t end = text.size() + piece_bytes; at < files.size(); ++at) {
        if (text.size() >= end) return true;
        if (at > 0) text += ',';
        text += described(files[at]);
    }
    text += "]}";
    return false;
}

std::string FileListing::find(std::string_view name) const {
    std::string text = "{\"files\":[";
    std::size_t found = 0;
    for (const RouteFileState& file : routes_->files) {
        if (!is_named(file.name, name) || ++found > max_files_found) continue;
        if (found > 1) text += ',';
        text += described(file);
    }
    text += ']';
    if (found > max_files_found) text += ",\"files_more\":" + std::to_string(found - max_files_found);
    return text + '}';
}

}  // namespace dproxy::config
