// SPDX-License-Identifier: MIT
// A long page for several readers at a time, some of them slow.
// Held by tests/unit/server/routes_page_test.cpp and tests/unit/server/files_page_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "admin/http_server.hpp"

namespace dproxy::server {

/// A Listing tells itself by `bool append(std::size_t& at, std::string& text)`. One thread, that of what begin() gives
/// out as well.
template <typename Listing>
class SharedListing {
public:
    /// Those who read the same share one listing; `is_same` says whether the last one is. Who still reads an older one
    /// when another is begun is cut off: readers can hold two at a time, that of now and theirs, however slow they are.
    template <typename IsSame, typename Make>
    admin::NextPiece begin(const IsSame& is_same, const Make& make) {
        auto shared = last_.lock();
        if (!shared || !shared->listing || !is_same(*shared->listing)) {
            if (shared) shared->listing.reset();
            shared = std::make_shared<Shared>();
            shared->listing.emplace(make());
            last_ = shared;
        }
        return [shared, at = std::size_t{0}](std::string& piece) mutable {
            return !shared->listing || shared->listing->append(at, piece);
        };
    }

private:
    struct Shared {
        std::optional<Listing> listing;  ///< nothing: its readers are cut off
    };
    std::weak_ptr<Shared> last_;
};

}  // namespace dproxy::server
