// SPDX-License-Identifier: MIT
#include "server/files_page.hpp"

#include <string>
#include <utility>

namespace dproxy::server {

admin::NextPiece FilesPage::begin(std::shared_ptr<const config::RoutesState> routes,
                                  std::shared_ptr<const config::FilesInForce> in_force, std::string_view name) {
    if (!name.empty()) {
        // Short, and made at once: whoever reads it holds no table.
        std::string found = config::FileListing(std::move(routes), std::move(in_force)).find(name);
        return [found = std::move(found)](std::string& piece) {
            piece += found;
            return false;
        };
    }
    return listing_.begin(
        [&](const config::FileListing& last) { return last.is_of(routes.get(), in_force.get()); },
        [&] { return config::FileListing(std::move(routes), std::move(in_force)); });
}

}  // namespace dproxy::server
