// SPDX-License-Identifier: MIT
// The patterns of a list file: a million names for one section. Immutable once built, and shared by every section and
// every version of a route file that names the list. Any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dns/name.hpp"
#include "routing/pattern_kind.hpp"

namespace dproxy::routing {

class PatternList {
public:
    /// As the messages write it, `directory/name`.
    const std::string& name() const { return name_; }
    std::uint32_t size() const { return count_; }
    /// The patterns as a RouteFile stores them: kind (1 byte), length of the name (1), the name.
    const std::uint8_t* data() const { return bytes_.data(); }
    /// Whether a name that a pattern has points into this list.
    bool holds(const std::uint8_t* name) const;
    /// The line of the pattern whose name begins there; the list holds it.
    std::uint32_t line(const std::uint8_t* name) const;
    std::size_t memory_bytes() const;

private:
    friend class PatternListBuilder;
    /// From here on one line follows the other, until the next mark.
    struct Mark {
        std::uint32_t offset;  ///< into bytes_
        std::uint32_t line;
    };
    static constexpr std::uint32_t patterns_between_marks = 64;

    std::string name_;
    std::vector<std::uint8_t> bytes_;
    std::vector<Mark> marks_;
    std::uint32_t count_ = 0;
};

/// Makes a PatternList, in the order of the lines.
class PatternListBuilder {
public:
    /// `bytes`: room that is enough for all of it, or nearly.
    PatternListBuilder(std::string name, std::size_t bytes);

    /// `name` is in lower case; the root goes with `below` only.
    void add(std::uint32_t line, PatternKind kind, const dns::Name& name);
    /// To be called once, last.
    std::shared_ptr<const PatternList> finish();

private:
    std::shared_ptr<PatternList> list_;
    std::uint32_t next_line_ = 0;      ///< that needs no mark
    std::uint32_t since_mark_ = 0;     ///< patterns
};

}  // namespace dproxy::routing
