// SPDX-License-Identifier: MIT
#include "server/json_text.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <string_view>

namespace dproxy::server {

namespace json = boost::json;

namespace {

constexpr int places = 6;

void append_fraction(double number, std::string& text) {
    std::array<char, 384> digits{};  // the largest one has 309 before the point
    if (!std::isfinite(number)) {
        text += "null";
        return;
    }
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed, places);
    std::string_view written(digits.data(), static_cast<std::size_t>(end - digits.data()));
    written.remove_suffix(written.size() - 1 - written.find_last_not_of('0'));
    if (written.ends_with('.')) written.remove_suffix(1);
    text += written == "-0" ? "0" : written;
}

void append(const json::value& value, std::string& text) {
    std::string_view separator;
    if (const json::object* object = value.if_object()) {
        text += '{';
        for (const auto& [key, member] : *object) {
            text.append(separator).append(json::serialize(json::value(key))) += ':';
            append(member, text);
            separator = ",";
        }
        text += '}';
    } else if (const json::array* array = value.if_array()) {
        text += '[';
        for (const json::value& item : *array) {
            text += separator;
            append(item, text);
            separator = ",";
        }
        text += ']';
    } else if (const double* number = value.if_double()) {
        append_fraction(*number, text);
    } else {
        text += json::serialize(value);
    }
}

}  // namespace

std::string json_text(const json::value& value) {
    std::string text;
    append(value, text);
    return text;
}

}  // namespace dproxy::server
