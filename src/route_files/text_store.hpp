// SPDX-License-Identifier: MIT
// The files that tls_ keys name beside route files.
#pragma once

#include <memory>
#include <string>

#include "route_files/files_by_name.hpp"
#include "route_files/tls_draft.hpp"

namespace dproxy::config {

struct TextEntry : FileByName {
    std::shared_ptr<const std::string> text{};  ///< read last; null: it never was
    ContentHash content{};                      ///< of it
};

class TextStore : public FilesByName<TextEntry> {
public:
    void take(FoundFile found);
    /// Several threads may ask at a time.
    NamedText find(const std::string& name) const;
};

}  // namespace dproxy::config
