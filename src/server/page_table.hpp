// SPDX-License-Identifier: MIT
// A table of a page for people, with a bounded number of rows. On a narrow screen each row becomes a block of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dproxy::server {

/// Rows of each table; how many more there are is said.
inline constexpr std::size_t max_page_rows = 200;

/// The page is given each time, as it may be made in pieces.
class PageTable {
public:
    /// What the rows are, for those who do not see them. A heading that begins with # is one of numbers.
    PageTable(std::string_view caption, std::vector<std::string_view> headings, std::string& page);

    std::size_t rows() const { return rows_; }
    bool is_full() const { return rows_ >= max_page_rows; }
    /// Cells are HTML already; the first one says which row it is.
    void add(const std::vector<std::string>& cells, std::string& page);
    /// `total`: rows that there would be. `where` is HTML.
    void end(std::size_t total, std::string_view where, std::string& page) const;

private:
    bool is_number(std::size_t column) const { return headings_[column].starts_with('#'); }
    std::string_view heading(std::size_t column) const { return headings_[column].substr(is_number(column) ? 1 : 0); }

    std::vector<std::string_view> headings_;
    std::size_t rows_ = 0;
};

inline constexpr std::string_view in_status = "<a href=\"status\">/status</a>";
inline constexpr std::string_view in_routes = "<a href=\"routes\">/routes</a>";

/// `id` is what links on the page lead to. All of a heading is HTML.
void add_heading(std::string_view id, std::string_view heading, std::string& page);

}  // namespace dproxy::server
