// SPDX-License-Identifier: MIT
// What the control group of this process says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dproxy::server {

/// The text of a file; empty where it cannot be read.
std::string text_of_file(const std::string& path);

/// The texts of a file (version 2) of the process's own cgroup and of every level above, as limits of those bind too;
/// where there is none, of the file of version 1. Those that cannot be read are left out.
std::vector<std::string> cgroup_texts(std::string_view file, std::string_view file_of_version_1);

}  // namespace dproxy::server
