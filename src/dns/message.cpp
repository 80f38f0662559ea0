// SPDX-License-Identifier: MIT
#include "dns/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "dns/name.hpp"

namespace dproxy::dns {
namespace {

struct Named {
    std::uint16_t number;
    std::string_view name;
};

/// IANA "DNS RCODEs", those that a header or an OPT can carry.
constexpr Named rcodes[] = {
    {0, "NOERROR"},   {1, "FORMERR"},   {2, "SERVFAIL"},  {3, "NXDOMAIN"}, {4, "NOTIMP"},
    {5, "REFUSED"},   {6, "YXDOMAIN"},  {7, "YXRRSET"},   {8, "NXRRSET"},  {9, "NOTAUTH"},
    {10, "NOTZONE"},  {11, "DSOTYPENI"}, {16, "BADVERS"}, {23, "BADCOOKIE"},
};

/// IANA "Resource Record (RR) TYPEs", in the order of their numbers.
constexpr Named types[] = {
    {1, "A"},           {2, "NS"},         {3, "MD"},         {4, "MF"},         {5, "CNAME"},      {6, "SOA"},
    {7, "MB"},          {8, "MG"},         {9, "MR"},         {10, "NULL"},      {11, "WKS"},       {12, "PTR"},
    {13, "HINFO"},      {14, "MINFO"},     {15, "MX"},        {16, "TXT"},       {17, "RP"},        {18, "AFSDB"},
    {19, "X25"},        {20, "ISDN"},      {21, "RT"},        {22, "NSAP"},      {23, "NSAP-PTR"},  {24, "SIG"},
    {25, "KEY"},        {26, "PX"},        {27, "GPOS"},      {28, "AAAA"},      {29, "LOC"},       {30, "NXT"},
    {33, "SRV"},        {35, "NAPTR"},     {36, "KX"},        {37, "CERT"},      {38, "A6"},        {39, "DNAME"},
    {41, "OPT"},        {42, "APL"},       {43, "DS"},        {44, "SSHFP"},     {45, "IPSECKEY"},  {46, "RRSIG"},
    {47, "NSEC"},       {48, "DNSKEY"},    {49, "DHCID"},     {50, "NSEC3"},     {51, "NSEC3PARAM"}, {52, "TLSA"},
    {53, "SMIMEA"},     {55, "HIP"},       {59, "CDS"},       {60, "CDNSKEY"},   {61, "OPENPGPKEY"}, {62, "CSYNC"},
    {63, "ZONEMD"},     {64, "SVCB"},      {65, "HTTPS"},     {99, "SPF"},       {104, "NID"},      {105, "L32"},
    {106, "L64"},       {107, "LP"},       {108, "EUI48"},    {109, "EUI64"},    {249, "TKEY"},     {250, "TSIG"},
    {251, "IXFR"},      {252, "AXFR"},     {253, "MAILB"},    {254, "MAILA"},    {255, "ANY"},      {256, "URI"},
    {257, "CAA"},       {258, "AVC"},      {260, "AMTRELAY"}, {261, "RESINFO"},  {32768, "TA"},     {32769, "DLV"},
};

bool same_text(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return to_lower(static_cast<std::uint8_t>(x)) == to_lower(static_cast<std::uint8_t>(y));
    });
}

/// `PREFIX` and a decimal number without a sign, up to `highest`; -1 for anything else.
int parse_numbered(std::string_view prefix, std::string_view text, int highest) {
    if (text.size() <= prefix.size() || !same_text(prefix, text.substr(0, prefix.size()))) return -1;
    if (text[prefix.size()] == '-') return -1;
    int number = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data() + prefix.size(), end, number);
    return error == std::errc{} && stopped == end && number <= highest ? number : -1;
}

template <std::size_t Size>
int parse_named(const Named (&table)[Size], std::string_view text) {
    const auto found = std::find_if(std::begin(table), std::end(table),
                                    [&](const Named& entry) { return same_text(entry.name, text); });
    return found == std::end(table) ? -1 : found->number;
}

template <std::size_t Size>
std::string_view name_of(const Named (&table)[Size], std::uint16_t number) {
    const auto found = std::lower_bound(std::begin(table), std::end(table), number,
                                        [](const Named& entry, std::uint16_t wanted) { return entry.number < wanted; });
    return found != std::end(table) && found->number == number ? found->name : std::string_view{};
}

/// The buffer is the caller's, one for each thread and kind of name.
std::string_view numbered(std::string_view prefix, unsigned number, std::array<char, 12>& buffer) {
    char* at = std::copy(prefix.begin(), prefix.end(), buffer.begin());
    const auto [end, error] = std::to_chars(at, buffer.data() + buffer.size(), number);
    return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

std::string_view rcode_name(std::uint8_t rcode) {
    thread_local std::array<char, 12> unnamed;
    const auto name = name_of(rcodes, rcode);
    return name.empty() ? numbered("RCODE", rcode, unnamed) : name;
}

int parse_rcode(std::string_view text) {
    const int named = parse_named(rcodes, text);
    return named >= 0 ? named : parse_numbered("RCODE", text, 255);
}

std::string_view type_name(std::uint16_t type) {
    thread_local std::array<char, 12> unnamed;
    const auto name = name_of(types, type);
    return name.empty() ? numbered("TYPE", type, unnamed) : name;
}

int parse_type(std::string_view text) {
    const int named = parse_named(types, text);
    return named >= 0 ? named : parse_numbered("TYPE", text, 65535);
}

}  // namespace dproxy::dns
