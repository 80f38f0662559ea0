// SPDX-License-Identifier: MIT
#include "server/cgroup.hpp"

#include <fstream>
#include <sstream>

namespace dproxy::server {

std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A container sees its own cgroup at the root of the mount; outside of one, /proc/self/cgroup names it.
std::vector<std::string> cgroup_texts(std::string_view file, std::string_view file_of_version_1) {
    std::string own;
    std::istringstream lines(text_of_file("/proc/self/cgroup"));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("0::")) own = line.substr(3);
    }
    std::vector<std::string> texts;
    const auto take = [&texts](const std::string& path) {
        if (std::string text = text_of_file(path); !text.empty()) texts.push_back(std::move(text));
    };
    for (std::string path = own;; path = path.substr(0, path.find_last_of('/'))) {
        take("/sys/fs/cgroup" + path + "/" + std::string(file));
        if (path.empty() || path == "/") break;
    }
    if (texts.empty()) take("/sys/fs/cgroup/" + std::string(file_of_version_1));
    return texts;
}

}  // namespace dproxy::server
