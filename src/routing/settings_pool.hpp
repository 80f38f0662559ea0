// SPDX-License-Identifier: MIT
// Equal settings of routes, kept once. Owned and used by the thread that reloads.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_set>

#include "routing/route_settings.hpp"

namespace dproxy::routing {

class SettingsPool {
public:
    /// The settings as everyone shares them: the same pointer for equal settings.
    std::shared_ptr<const RouteSettings> intern(RouteSettings settings);
    /// Lets go of those that no file and no table holds any more. To be called after a reload.
    void forget_unused();
    std::size_t size() const { return known_.size(); }
    /// The most settings that one look may have to compare: few, whoever wrote them.
    std::size_t longest_chain() const;

private:
    using Shared = std::shared_ptr<const RouteSettings>;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(const RouteSettings& settings) const noexcept;
        std::size_t operator()(const Shared& settings) const noexcept { return (*this)(*settings); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(const Shared& a, const Shared& b) const { return *a == *b; }
        bool operator()(const RouteSettings& a, const Shared& b) const { return a == *b; }
        bool operator()(const Shared& a, const RouteSettings& b) const { return *a == b; }
    };
    std::unordered_set<Shared, Hash, Equal> known_;
};

}  // namespace dproxy::routing
