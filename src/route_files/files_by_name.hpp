// SPDX-License-Identifier: MIT
// The files that route files name, each read once, however many sections name it. It has no clock: time points come in.
// Held by tests/unit/route_files/route_store_lists_test.cpp, tests/unit/route_files/route_store_tls_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "route_files/known_file.hpp"

namespace dproxy::config {

/// Of every such file. What is made of its text, the store adds.
struct FileByName {
    KnownFile known{};
    std::string read_fault{};
    std::uint64_t seen = 0;  ///< in which reload last
};

/// One owner, the route store. `Entry` is a FileByName.
template <typename Entry>
class FilesByName {
public:
    /// Names are `directory/name`. What was not taken or kept between this and forget_gone() is gone.
    void begin_reload() { ++reloads_; }
    Reading choose(const std::string& name, const FileIdentity& identity, const KnownFile::Hints& hints,
                   KnownFile::TimePoint now, std::optional<KnownFile::TimePoint>& look_again) {
        KnownFile& known = entries_.try_emplace(name).first->second.known;
        const Reading reading = known.choose(identity, hints, now);
        if (reading == Reading::held && (!look_again || known.again_at() < *look_again)) look_again = known.again_at();
        return reading;
    }
    /// Nothing is known of the files below `prefix`, `directory/`: they stay as they were.
    void keep(std::string_view prefix) {
        for (auto at = entries_.lower_bound(prefix); at != entries_.end() && at->first.starts_with(prefix); ++at) {
            at->second.seen = reloads_;
        }
    }
    void forget_gone() {
        std::erase_if(entries_, [this](const auto& item) { return item.second.seen != reloads_; });
    }

protected:
    /// The entry whose text was read just now; null where there is nothing new.
    Entry* take_file(FoundFile& found) {
        Entry& entry = entries_.try_emplace(found.name).first->second;
        entry.seen = reloads_;
        if (found.state == FoundFile::State::same || found.state == FoundFile::State::held) return nullptr;
        entry.known.take(found);
        entry.read_fault = std::move(found.fault);
        return found.state == FoundFile::State::read ? &entry : nullptr;
    }
    /// Null, and why in `fault`, where the file cannot be had.
    const Entry* find_entry(const std::string& name, std::string& fault) const {
        const auto at = entries_.find(name);
        if (at == entries_.end() || at->second.seen != reloads_) {
            fault = "is not there";
        } else if (!at->second.read_fault.empty()) {
            fault = at->second.read_fault;
        } else {
            return &at->second;
        }
        return nullptr;
    }

    std::map<std::string, Entry, std::less<>> entries_;

private:
    std::uint64_t reloads_ = 0;
};

}  // namespace dproxy::config
