// SPDX-License-Identifier: MIT
#include "ini/ini_reader.hpp"

#include "catch.hpp"

namespace dproxy::config {
namespace {

/// Events as text: `1[section]`, `2 key=value`, `3!` for a fault.
std::vector<std::string> read(std::string_view text) {
    std::vector<std::string> out;
    for (const IniEvent& event : read_ini(text)) {
        std::string line = std::to_string(event.line);
        switch (event.kind) {
            case IniEvent::Kind::section: line.append("[").append(event.text).append("]"); break;
            case IniEvent::Kind::key: line.append(" ").append(event.key).append("=").append(event.text); break;
            case IniEvent::Kind::fault: line.append("!"); break;
        }
        out.push_back(line);
    }
    return out;
}

using Lines = std::vector<std::string>;

/// The message of the only fault of a text.
std::string fault(std::string_view text) {
    std::string message;
    for (const IniEvent& event : read_ini(text)) {
        if (event.kind != IniEvent::Kind::fault) continue;
        CHECK(message.empty());
        message = event.fault;
    }
    return message;
}

}  // namespace

TEST_CASE("sections and keys, in the order of the lines", "[ini_reader]") {
    CHECK(read("[a b]\nx = 1\n\ny=2\n[c]\n[d]\nx = 3") ==
          Lines{"1[a b]", "2 x=1", "4 y=2", "5[c]", "6[d]", "7 x=3"});
    CHECK(read("").empty());
    CHECK(read("\n\n  \n\t\n").empty());
}

TEST_CASE("white space means nothing at either end of anything", "[ini_reader]") {
    CHECK(read("[*.unixvoid.com]\n\taddress\t\t= 172.31.43.212\n\tport\t\t= 8054\n") ==
          Lines{"1[*.unixvoid.com]", "2 address=172.31.43.212", "3 port=8054"});
    CHECK(read("  [ a\t b ]  \n   x   =   1   \n\t\ty\t=\t2\t") == Lines{"1[a\t b]", "2 x=1", "3 y=2"});
    CHECK(read("[a]\nx = 1\n    y = 2\n        z = 3\n") == Lines{"1[a]", "2 x=1", "3 y=2", "4 z=3"});
}

TEST_CASE("CRLF, a byte order mark and a last line without an end", "[ini_reader]") {
    CHECK(read("\xef\xbb\xbf[a]\r\nx = 1\r\n\r\ny = 2\r\n") == Lines{"1[a]", "2 x=1", "4 y=2"});
    CHECK(read("[a]\nx = 1") == Lines{"1[a]", "2 x=1"});
    CHECK(read("\xef\xbb\xbf").empty());
}

TEST_CASE("comments begin at the start of a line or after white space", "[ini_reader]") {
    CHECK(read("# one\n; two\n  # three\n\t; four\n[a] ; five\n[b] # six\nx = 1 # seven\ny = 2 ;eight\n") ==
          Lines{"5[a]", "6[b]", "7 x=1", "8 y=2"});
    CHECK(read("[a]\nx = a#b;c\ny = #d\nz =#e\n") == Lines{"1[a]", "2 x=a#b;c", "3 y=", "4 z=#e"});
    CHECK(read("#[a]\n#x = 1\n").empty());
    CHECK(read("[a];b\nx = \"1\"#c\n") == Lines{"1[a]", "2 x=1"});  // nothing else can be meant
}

TEST_CASE("values may stand in double quotes", "[ini_reader]") {
    CHECK(read("[a]\nx = \"1\"\ny = \" a # b ; c \" # d\nz = \"\"\nv = a \"b\"\n") ==
          Lines{"1[a]", "2 x=1", "3 y= a # b ; c ", "4 z=", "5 v=a \"b\""});
    CHECK(fault("[a]\nx = \"1\n") == "the value `\"1` has no closing quote");
    CHECK(fault("[a]\nx = \"1\" 2\n") == "`2` stands after the closing quote; only a comment may follow it");
}

TEST_CASE("keys are read in lower case, values as they are", "[ini_reader]") {
    CHECK(read("[A]\nAddress = X\nPORT=53\n") == Lines{"1[A]", "2 address=X", "3 port=53"});
}

TEST_CASE("only the first = separates, and a colon never does", "[ini_reader]") {
    CHECK(read("[a]\naddress = [fd00::1]:53, ::1\nx = a=b:c\n") ==
          Lines{"1[a]", "2 address=[fd00::1]:53, ::1", "3 x=a=b:c"});
    CHECK(fault("[a]\naddress: 1.2.3.4\n").starts_with("`address: 1.2.3.4` is neither"));
    CHECK(fault("[a]\nx:y = 1\n").starts_with("`x:y = 1` is neither"));
}

TEST_CASE("nothing is cut at the lengths where inih cuts", "[ini_reader]") {
    const std::string name(300, 'n');
    const std::string value(3000, 'v');
    CHECK(read("[" + name + "]\nx = " + value + "\n") == Lines{"1[" + name + "]", "2 x=" + value});
    const std::string key(max_ini_key_length, 'k');
    CHECK(read("[a]\n" + key + " = 1\n") == Lines{"1[a]", "2 " + key + "=1"});
    CHECK(read("[a]\n" + key + "k = 1\n") == Lines{"1[a]", "2!"});
}

TEST_CASE("the same section and key again are reported again", "[ini_reader]") {
    CHECK(read("[a]\nx=1\nx=2\n[a]\n[a]\nx=1\n") == Lines{"1[a]", "2 x=1", "3 x=2", "4[a]", "5[a]", "6 x=1"});
}

TEST_CASE("lines that are nothing", "[ini_reader]") {
    CHECK(read("[a]\nhello\n= 1\nx y = 1\n]\nx = 1\n") == Lines{"1[a]", "2!", "3!", "4!", "5!", "6 x=1"});
    CHECK(fault("[a]\nhello world # what\n") ==
          "`hello world` is neither a section nor a key nor a comment; expected `[...]`, `key = value` or `# ...`");
    CHECK(fault("[a]\n\x01\xff\n").starts_with("`\\x01\\xff` is neither"));
    CHECK(fault("[a]\n" + std::string(500, 'q') + "\n").size() < 250);
}

TEST_CASE("a key before any section", "[ini_reader]") {
    CHECK(read("x = 1\n[a]\nx = 1\n") == Lines{"1!", "2[a]", "3 x=1"});
    CHECK(fault("port = 53\n").starts_with("`port` stands before any section"));
}

TEST_CASE("faulty section headers begin a section all the same", "[ini_reader]") {
    CHECK(read("[a]\nx = 1\n[b\nx = 2\n") == Lines{"1[a]", "2 x=1", "3[]", "3!", "4 x=2"});
    CHECK(fault("[b c # d]\n") == "`[b c` has no closing bracket; expected `[...]` on one line");
    CHECK(fault("[b] c\n") == "`c` stands after the closing bracket; only a comment may follow it");
    CHECK(fault("[b]]\n") == "`]` stands after the closing bracket; only a comment may follow it");
    CHECK(fault("[b]x = 1\n").starts_with("`x = 1` stands after"));
    CHECK(read("[]\n[ ]\n") == Lines{"1[]", "1!", "2[]", "2!"});
}

TEST_CASE("lines up to 4,096 bytes are read", "[ini_reader]") {
    const std::string most = "x = " + std::string(max_ini_line_bytes - 4, 'v');
    CHECK(read("[a]\n" + most + "\r\ny = 1") == Lines{"1[a]", "2 x=" + most.substr(4), "3 y=1"});
    CHECK(read("[a]\n" + most + "v\ny = 1\n") == Lines{"1[a]", "2!", "3 y=1"});
    CHECK(fault("[a]\n" + most + "v\n") == "the line is 4097 bytes long; at most 4096 are read");
    CHECK(read("[" + most + "]\n") == Lines{"1[]", "1!"});
    CHECK(read("#" + most + "v") == Lines{"1!"});
}

TEST_CASE("a NUL byte is a fault of its line", "[ini_reader]") {
    using namespace std::string_view_literals;
    CHECK(read("[a]\nx = 1\0 2\ny = 1\n"sv) == Lines{"1[a]", "2!", "3 y=1"});
    CHECK(read("[a\0]\nx = 1\n"sv) == Lines{"1[]", "1!", "2 x=1"});
    CHECK(read("# \0\n"sv) == Lines{"1!"});
    CHECK(read("[a]\nx\0 = 1\ny\0 = 1\n[\0b]\nz = 1\n"sv) == Lines{"1[a]", "2!", "4[]", "5 z=1"});  // told once
}

TEST_CASE("files up to 1 MiB are read", "[ini_reader]") {
    std::string text = "[a]\nx = 1\n";
    text.append(max_ini_file_bytes - text.size(), '\n');
    CHECK(read(text) == Lines{"1[a]", "2 x=1"});
    text += '\n';
    CHECK(read(text) == Lines{"0!"});
    CHECK(fault(text) == "the file is longer than 1048576 bytes, the most that is read");
}

TEST_CASE("a file of faults is read to a bound", "[ini_reader]") {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "?\n";
    CHECK(read_ini(text).size() == max_ini_faults);
}

}  // namespace dproxy::config
