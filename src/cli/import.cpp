// SPDX-License-Identifier: MIT
// Held by tests/unit/cli/import_test.cpp.
#include "import/import.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <ostream>
#include <string_view>
#include <system_error>

#include "cli/configuration.hpp"
#include "cli/verbs.hpp"
#include "ini/excerpt.hpp"

namespace dproxy::cli {
namespace {

constexpr std::size_t longest_list_stem = 200;

/// One byte more than is taken shows that there is more. `-` is standard input.
std::optional<std::string> read_whole(const std::string& path, std::string& fault) {
    std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
    std::string text(foreign::max_import_bytes + 1, '\0');
    errno = 0;
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad() || (file.gcount() == 0 && errno != 0)) {
        fault = path + ": " + std::generic_category().message(errno != 0 ? errno : ENOENT);
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

bool write_whole(const std::string& path, const std::string& text, std::ostream& err) {
    errno = 0;
    std::ofstream file(path, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (file) return true;
    err << "import: " << path << ": " << std::generic_category().message(errno != 0 ? errno : EIO) << '\n';
    return false;
}

/// Lists are called as the route file is, where that can stand in it as it is.
std::string name_of_lists(const std::filesystem::path& route_file) {
    const std::string name = route_file.stem().string();
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const bool is_good = !name.empty() && name.size() <= longest_list_stem && name.front() != '.' &&
                         name.find_first_not_of(plain) == std::string::npos;
    return is_good ? name : "imported";
}

/// The lists first: a route file that is there finds them.
bool write_files(const std::filesystem::path& route_file, const foreign::Import& result, std::ostream& err) {
    for (const auto& list : result.lists) {
        if (!write_whole((route_file.parent_path() / list.name).string(), list.text, err)) return false;
    }
    return write_whole(route_file.string(), result.text, err);
}

}  // namespace

int run_import(const Arguments& arguments, std::ostream& out, std::ostream& err) {
    std::string fault;
    const auto text = read_whole(arguments.file, fault);
    if (!text) {
        err << "import: " << fault << '\n';
        return exit_usage;
    }
    const auto language = arguments.from ? arguments.from : foreign::recognise(arguments.file, *text);
    if (!language) {
        err << "import: " << arguments.file << ": it does not show whose configuration this is; name it with --from "
            << "corefile, dnsmasq, unbound or bind\n";
        return exit_usage;
    }
    const std::string lists = arguments.to ? name_of_lists(*arguments.to) : std::string();
    const auto result = foreign::read_foreign(*text, arguments.file, *language, lists);
    if (!arguments.to) {
        out << result.text;
    } else if (!write_files(*arguments.to, result, err)) {
        return exit_usage;
    }
    for (const auto& left_out : result.left_out) err << left_out.to_string() << '\n';
    return result.left_out.empty() ? exit_good : exit_faults;
}

}  // namespace dproxy::cli
