// SPDX-License-Identifier: MIT
#include "import/corefile_blocks.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "ini/excerpt.hpp"

namespace dproxy::foreign {
namespace {

struct Word {
    std::string text;
    std::uint32_t line = 0;
    bool first = false;   ///< on its line
};
using Words = std::vector<Word>;

bool has_variable(std::string_view text) {
    return text.find("{$") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

/// Words stand between blanks, or between quotes if they begin with one; `#` makes a comment of the rest of the line
/// wherever it stands outside quotes.
Words words_of(std::string_view text) {
    Words words;
    std::uint32_t line = 1;
    std::uint32_t line_of_last = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '\n') ++line;
        if (std::string_view(" \t\r\n\v\f").find(c) != std::string_view::npos) {
            ++at;
        } else if (c == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else {
            Word word{{}, line, line != line_of_last};
            const bool quoted = c == '"';
            const std::string_view ends = quoted ? "\"" : " \t\r\n\v\f#";
            if (quoted) ++at;
            while (at < text.size() && ends.find(text[at]) == std::string_view::npos) {
                if (quoted && text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
                if (text[at] == '\n') ++line;
                word.text += text[at++];
            }
            if (quoted && at < text.size()) ++at;
            line_of_last = line;
            words.push_back(std::move(word));
        }
    }
    return words;
}

/// Words without the definitions of snippets, and with what they hold in the places of their imports.
class Snippets {
public:
    explicit Snippets(Draft& draft) : draft_(draft) {}

    Words put_in(const Words& words) {
        for (std::size_t at = 0; at < words.size(); ++at) {
            const std::size_t end = end_of_definition(words, at);
            if (end != at) {
                at = end - 1;
            } else if (!take_import(words, at, 0)) {
                add(words[at]);
            }
        }
        return std::move(result_);
    }

private:
    /// Behind `(name) { ... }` at the top of the file, which is kept; `at` where there is none.
    std::size_t end_of_definition(const Words& words, std::size_t at) {
        const std::string& name = words[at].text;
        const bool is_definition = words[at].first && name.size() > 2 && name.front() == '(' && name.back() == ')' &&
                                   at + 1 < words.size() && words[at + 1].text == "{";
        if (!is_definition) return at;
        Words& held = snippets_[name.substr(1, name.size() - 2)];
        std::size_t end = at + 2;
        for (int open = 1; end < words.size(); ++end) {
            open += words[end].text == "{" ? 1 : 0;
            open -= words[end].text == "}" ? 1 : 0;
            if (open == 0) return end + 1;
            held.push_back(words[end]);
        }
        return end;
    }

    /// At `import NAME` on a line of its own: what it stands for is added, and `at` is moved to its last word.
    bool take_import(const Words& words, std::size_t& at, std::size_t depth) {
        const bool is_import = words[at].first && words[at].text == "import" && at + 1 < words.size() &&
                               !words[at + 1].first;
        if (!is_import) return false;
        ++at;
        const auto found = snippets_.find(words[at].text);
        if (found == snippets_.end()) {
            draft_.leave_out(words[at].line, "`import` of " + config::excerpt(words[at].text) +
                                                 " is not followed; import the file by itself");
        } else if (depth == max_depth || imports_ == max_snippet_imports) {
            draft_.leave_out(words[at].line, "the snippet " + config::excerpt(words[at].text) +
                                                 " is imported too often, or by itself; it is left out here");
        } else {
            ++imports_;
            for (std::size_t inner = 0; inner < found->second.size() && result_.size() < max_corefile_words; ++inner) {
                if (!take_import(found->second, inner, depth + 1)) add(found->second[inner]);
            }
        }
        return true;
    }

    void add(const Word& word) {
        if (result_.size() < max_corefile_words) {
            result_.push_back(word);
        } else if (!std::exchange(is_full_, true)) {
            draft_.leave_out(word.line, "the file has more than " + std::to_string(max_corefile_words) +
                                            " words with its snippets; the rest is not read");
        }
    }

    static constexpr std::size_t max_depth = 16;
    static constexpr std::size_t max_snippet_imports = 10'000;
    Draft& draft_;
    std::size_t imports_ = 0;
    std::map<std::string, Words, std::less<>> snippets_;
    Words result_;
    bool is_full_ = false;
};

class Parser {
public:
    Parser(const Words& words, Draft& draft) : words_(words), draft_(draft) {}

    std::vector<CorefileBlock> file() {
        std::vector<CorefileBlock> blocks;
        while (at_ < words_.size()) {
            if (words_[at_].text == "}") {
                draft_.leave_out(words_[at_++].line, "a `}` closes nothing");
                continue;
            }
            CorefileBlock block;
            read_keys(block);
            const bool has_brace = at_ < words_.size() && words_[at_].text == "{";
            if (has_brace) ++at_;
            read_directives(block, has_brace);
            blocks.push_back(std::move(block));
        }
        return blocks;
    }

private:
    /// Zones up to the brace or the end of the line; after a comma they go on.
    void read_keys(CorefileBlock& block) {
        block.line = words_[at_].line;
        bool goes_on = true;
        while (at_ < words_.size() && words_[at_].text != "{") {
            if (words_[at_].first && !goes_on) return;
            std::string key = words_[at_++].text;
            goes_on = key.ends_with(',');
            if (goes_on) key.pop_back();
            if (has_variable(key)) {
                draft_.leave_out(words_[at_ - 1].line, config::excerpt(key) + " holds a variable of the environment; "
                                                                              "write its value");
            } else if (!key.empty()) {
                block.keys.push_back(std::move(key));
            }
        }
    }

    /// Up to the brace, and without one up to the end of the file.
    void read_directives(CorefileBlock& block, bool has_brace) {
        while (at_ < words_.size()) {
            if (words_[at_].text == "}") {
                if (!has_brace) return;
                ++at_;
                return;
            }
            read_directive(block);
        }
        if (has_brace) draft_.leave_out(block.line, "the `{` is not closed");
    }

    void read_directive(CorefileBlock& block) {
        CorefileDirective directive;
        directive.line = words_[at_].line;
        std::string with_variable = has_variable(words_[at_].text) ? words_[at_].text : std::string();
        directive.words.push_back(words_[at_++].text);
        int open = 0;
        for (; at_ < words_.size(); ++at_) {
            const Word& word = words_[at_];
            if (open == 0 && (word.first || word.text == "}")) break;
            if (word.text == "}" && --open == 0) {
                ++at_;
                break;
            }
            if (has_variable(word.text)) with_variable = word.text;
            if (word.text == "{") {
                ++open;
            } else if (word.text != "}") {
                keep(word, open, directive);
            }
        }
        if (with_variable.empty()) {
            block.directives.push_back(std::move(directive));
        } else {
            draft_.leave_out(directive.line, config::excerpt(directive.name()) + " is left out: " +
                                                 config::excerpt(with_variable) +
                                                 " holds a variable of the environment; write its value");
        }
    }

    static void keep(const Word& word, int open, CorefileDirective& directive) {
        if (open == 0) return directive.words.push_back(word.text);
        if (word.first || directive.block.empty()) directive.block.push_back({word.line, {}});
        directive.block.back().words.push_back(word.text);
    }

    const Words& words_;
    Draft& draft_;
    std::size_t at_ = 0;
};

}  // namespace

std::vector<CorefileBlock> read_corefile_blocks(std::string_view text, Draft& draft) {
    const Words words = Snippets(draft).put_in(words_of(text));
    return Parser(words, draft).file();
}

}  // namespace dproxy::foreign
