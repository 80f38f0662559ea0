// SPDX-License-Identifier: MIT
// Which files a burst of events touched, and which of them somebody is still writing. Does not grow beyond
// a bound: then it says "everything".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dproxy::io {

inline constexpr std::size_t max_touched_names = 4096;

class TouchedNames {
public:
    enum class Happened : std::uint8_t {
        created,   ///< perhaps by someone who writes into it next, perhaps complete (a link)
        modified,  ///< a write or a truncation: more may come until it is closed
        settled,   ///< closed after writing, renamed, deleted
        other,
    };

    void note(const std::string& name, Happened happened) {
        if (happened == Happened::settled) open_.erase(name);
        if (!everything_) touched_.insert(name);
        if (touched_.size() > max_touched_names) note_everything();
        if (happened != Happened::created && happened != Happened::modified) return;
        if (open_.size() >= max_touched_names && !open_.contains(name)) return;
        bool& modified = open_[name];
        modified = modified || happened == Happened::modified;
    }
    void note_everything() {
        everything_ = true;
        touched_.clear();
    }
    /// Nobody will tell any more when the open ones are closed.
    void forget_open() { open_.clear(); }

    bool everything() const { return everything_; }
    /// Those modified and not closed. `is_unfinished` is asked for those that were only created so far.
    template <typename Ask>
    std::vector<std::string> open(const Ask& is_unfinished) {
        std::erase_if(open_, [&](const auto& name) { return !name.second && !is_unfinished(name.first); });
        std::vector<std::string> names;
        for (const auto& [name, modified] : open_) names.push_back(name);
        return names;
    }
    /// The touched ones, and begins anew. The open ones stay open.
    std::vector<std::string> take() {
        std::vector<std::string> names(touched_.begin(), touched_.end());
        touched_.clear();
        everything_ = false;
        return names;
    }

private:
    std::set<std::string> touched_;
    std::map<std::string, bool> open_;  ///< true: modified, false: only created so far
    bool everything_ = false;
};

}  // namespace dproxy::io
