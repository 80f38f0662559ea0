// SPDX-License-Identifier: MIT
// The list files that route files name, each parsed once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "route_files/content_hash.hpp"
#include "route_files/files_by_name.hpp"
#include "route_files/list_file.hpp"

namespace dproxy::config {

struct ListEntry : FileByName {
    std::optional<ContentHash> content{};  ///< of what was parsed last
    ListParse parsed{};
    std::string text{};  ///< between take() and parse_taken()
    bool taken = false;  ///< the same
};

class ListStore : public FilesByName<ListEntry> {
public:
    void take(FoundFile found);
    /// Parses what was taken, on so many threads.
    void parse_taken(unsigned threads);
    /// Several threads may ask at a time.
    NamedList find(const std::string& name) const;
    /// Whether a line of it was left out.
    bool has_errors(const std::string& name) const;
    /// Of the lines of all lists, in the order of names.
    void append_faults(Diagnostics& faults) const;

private:
    static void parse(const std::string& name, ListEntry& entry);
};

}  // namespace dproxy::config
