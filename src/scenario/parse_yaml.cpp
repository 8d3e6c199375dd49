#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "scenario/document.hpp"

namespace regatta::scenario {
namespace {

/// The document cannot be read any further.
struct Unreadable {
    Place place;
    std::string path;
    std::string what;
};

/// Builds our tree from yaml-cpp's events. yaml-cpp's own tree accepts duplicate keys and forgets where keys stand.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& text, int source, Problems& problems)
        : text_(text), source_(source), problems_(problems) {}

    Node take_document() { return std::move(document_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1)
            throw Unreadable{place_of(mark), "", "a second document begins here; a file holds one document"};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (wants_key()) return take_key("null", mark, "?");
        Node node;
        // The mark of a missing value is that of whatever comes next: the key's own place says more.
        node.place = frames_.empty() || frames_.back().node.keys.empty() ? place_of(mark)
                                                                         : frames_.back().node.keys.back().place;
        finish(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (wants_key()) throw Unreadable{place_of(mark), path(), "a key must be a word, found an alias"};
        const auto found = anchored_.find(anchor);
        if (found == anchored_.end())
            throw Unreadable{place_of(mark), path(), "an alias cannot stand inside of what it names"};
        count_repeated(found->second, place_of(mark));
        finish(found->second, 0);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (wants_key()) return take_key(value, mark, tag);
        Node node;
        node.kind = Node::Kind::Scalar;
        node.text = value;
        node.is_quoted = tag == "!";
        node.place = place_of(mark);
        refuse_tag(tag, node.place);
        if (node.is_quoted) refuse_open_quote(mark);
        finish(std::move(node), anchor);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(Node::Kind::List, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(Node::Kind::Map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        std::unordered_map<std::string, int> key_lines;  ///< of a map: where each key stands first
        bool has_unusable_keys = false;
    };

    [[nodiscard]] Place place_of(const YAML::Mark& mark) const { return {source_, mark.line + 1, mark.column + 1}; }

    [[nodiscard]] bool wants_key() const {
        if (frames_.empty()) return false;
        const Node& node = frames_.back().node;
        return node.kind == Node::Kind::Map && node.keys.size() == node.items.size();
    }

    [[nodiscard]] std::string path() const {
        std::string result;
        for (const Frame& frame : frames_) {
            if (frame.node.kind == Node::Kind::List) {
                result += fmt::format("[{}]", frame.node.items.size());
            } else if (frame.node.keys.size() > frame.node.items.size()) {
                result += (result.empty() ? "" : ".") + frame.node.keys.back().text;
            }
        }
        return result;
    }

    void refuse_tag(const std::string& tag, const Place& place) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        problems_.add(place, path(), fmt::format("tags such as \"{}\" are not supported; leave it out", tag));
    }

    /// yaml-cpp takes the end of the file for the end of a quoted text.
    void refuse_open_quote(const YAML::Mark& mark) {
        std::size_t i = static_cast<std::size_t>(mark.pos);
        if (i >= text_.size() || (text_[i] != '"' && text_[i] != '\'')) return;
        const char quote = text_[i];
        for (++i; i < text_.size(); ++i) {
            if (quote == '"' && text_[i] == '\\')
                ++i;
            else if (text_[i] == quote && (quote == '"' || i + 1 >= text_.size() || text_[++i] != quote))
                return;
        }
        throw Unreadable{place_of(mark), path(), "the quote is not closed"};
    }

    void take_key(const std::string& key, const YAML::Mark& mark, const std::string& tag) {
        const Place place = place_of(mark);
        if (key.size() > kLongestDocumentKey)
            throw Unreadable{place, path(),
                             fmt::format("a key of {} bytes; at most {} are read", key.size(), kLongestDocumentKey)};
        Frame& frame = frames_.back();
        const auto [first, is_new] = frame.key_lines.emplace(key, place.line);
        frame.node.keys.push_back({key, place});
        refuse_tag(tag, place);
        if (key == "<<")
            problems_.add(place, path(), "merge keys are not supported; write the keys out");
        else if (!is_new)
            problems_.add(place, path(), fmt::format("given twice; first in line {}", first->second));
        if (key == "<<" || !is_new) frame.has_unusable_keys = true;
    }

    void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        const Place place = place_of(mark);
        if (wants_key()) throw Unreadable{place, path(), "a key must be a word, found a list or a map"};
        if (frames_.size() >= kMaxDocumentDepth)
            throw Unreadable{place, "", fmt::format("nested deeper than {} levels", kMaxDocumentDepth)};
        refuse_tag(tag, place);
        Frame frame;
        frame.node.kind = kind;
        frame.node.place = place;
        frame.anchor = anchor;
        frames_.push_back(std::move(frame));
    }

    void close() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        if (frame.has_unusable_keys) drop_unusable_keys(frame.node);
        finish(std::move(frame.node), frame.anchor);
    }

    /// What has been reported is not reported again as an unknown key.
    static void drop_unusable_keys(Node& map) {
        std::unordered_set<std::string> seen = {"<<"};
        std::size_t kept = 0;
        for (std::size_t i = 0; i < map.keys.size(); ++i) {
            if (!seen.insert(map.keys[i].text).second) continue;
            if (kept != i) {
                map.keys[kept] = std::move(map.keys[i]);
                map.items[kept] = std::move(map.items[i]);
            }
            ++kept;
        }
        map.keys.resize(kept);
        map.items.resize(kept);
    }

    void finish(Node node, YAML::anchor_t anchor) {
        count_value(node.place);
        if (anchor != 0) anchored_[anchor] = node;
        if (frames_.empty())
            document_ = std::move(node);
        else
            frames_.back().node.items.push_back(std::move(node));
    }

    void count_value(const Place& place) {
        if (++values_ > kMaxDocumentValues)
            throw Unreadable{place, "", fmt::format("more than {} values in one document", kMaxDocumentValues)};
    }
    /// What an alias stands for is copied: its values and its text count once more.
    void count_repeated(const Node& node, const Place& place) {
        count_repeated_text(node.text, place);
        for (const Node::Key& key : node.keys)
            count_repeated_text(key.text, place);
        for (const Node& item : node.items) {
            count_value(place);
            count_repeated(item, place);
        }
    }
    void count_repeated_text(const std::string& text, const Place& place) {
        repeated_bytes_ += text.size();
        if (repeated_bytes_ > kMaxDocumentBytes)
            throw Unreadable{
                place, "", fmt::format("aliases repeat more than {} bytes of text in one document", kMaxDocumentBytes)};
    }

    const std::string& text_;
    int source_;
    Problems& problems_;
    Node document_;
    std::vector<Frame> frames_;
    std::map<YAML::anchor_t, Node> anchored_;
    std::size_t values_ = 0;
    std::size_t repeated_bytes_ = 0;
    int documents_ = 0;
};

/// The tab in the indentation of the line (from 0) or the one before it, when that is what the parser stumbled over.
std::optional<Place> tab_in_indentation(const std::string& text, int source, int line_from_0) {
    std::istringstream lines(text);
    std::string line;
    std::optional<Place> found;
    for (int i = 0; i <= line_from_0 && std::getline(lines, line); ++i) {
        const std::size_t tab = line.substr(0, line.find_first_not_of(" \t")).find('\t');
        if (i + 1 >= line_from_0 && tab != std::string::npos) found = Place{source, i + 1, static_cast<int>(tab) + 1};
    }
    return found;
}

/// yaml-cpp's message in words that say what to look for.
std::string explain(std::string_view message) {
    const std::vector<std::pair<std::string_view, std::string_view>> known = {
        {YAML::ErrorMsg::END_OF_MAP_FLOW, "a \"{\" is not closed, or a comma is missing between its keys"},
        {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a \"[\" is not closed, or a comma is missing between its values"},
        {YAML::ErrorMsg::END_OF_MAP, "this line does not belong to the map above; check its indentation and its colon"},
        {YAML::ErrorMsg::END_OF_SEQ, "this line does not belong to the list above; check its indentation and its dash"},
        {YAML::ErrorMsg::FLOW_END, "a \"]\" or \"}\" that closes nothing"},
        {YAML::ErrorMsg::BLOCK_ENTRY, "a \"-\" where no list can begin; check the indentation"},
        {YAML::ErrorMsg::MAP_KEY, "a key where none can stand; check the indentation"},
        {YAML::ErrorMsg::MAP_VALUE, "a \": \" where none can stand; quote the text, or check the indentation"},
        {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote is not closed"},
        {YAML::ErrorMsg::DOC_IN_SCALAR, "a quote is not closed"},
        {YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab in the indentation; indent with spaces"},
        {YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that cannot begin a value; quote the text"},
        {YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias (\"*\") of something that is not anchored (\"&\") before it"},
        {YAML::ErrorMsg::ALIAS_NOT_FOUND, "a \"*\" without the name of an alias; quote the text"},
        {YAML::ErrorMsg::ANCHOR_NOT_FOUND, "a \"&\" without the name of an anchor; quote the text"},
        {YAML::ErrorMsg::CHAR_IN_BLOCK, "a \"|\" or \">\" with text behind it; write the text in the lines below"},
        {YAML::ErrorMsg::INVALID_HEX, "an escape (\"\\\") that YAML does not know"},
    };
    for (const auto& [theirs, ours] : known)
        if (message == theirs) return std::string(ours);
    // These name the character.
    for (const std::string_view escape : {YAML::ErrorMsg::INVALID_ESCAPE, YAML::ErrorMsg::INVALID_UNICODE})
        if (message.starts_with(escape)) return "an escape (\"\\\") that YAML does not know";
    return "not valid YAML; check indentation, colons, quotes and brackets";
}

}  // namespace

bool parse_document(const std::string& full_text, int source, Node& document, Problems& problems) {
    document = Node{};
    document.place = {source, 0, 0};
    if (full_text.size() > kMaxDocumentBytes) {
        problems.add({source, 0, 0}, "",
                     fmt::format("{} bytes long; at most {} are read", full_text.size(), kMaxDocumentBytes));
        return false;
    }
    const bool has_mark = full_text.compare(0, 3, "\xEF\xBB\xBF") == 0;  // byte order mark: not part of the text
    const std::string text = has_mark ? full_text.substr(3) : full_text;
    std::istringstream stream(text);
    TreeBuilder builder(text, source, problems);
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Unreadable& stop) {
        problems.add(stop.place, stop.path, stop.what);
        return false;
    } catch (const YAML::Exception& error) {
        const auto tab = tab_in_indentation(text, source, error.mark.line);
        if (tab)
            problems.add(*tab, "", "a tab in the indentation; indent with spaces");
        else
            problems.add({source, error.mark.line + 1, error.mark.column + 1}, "", explain(error.msg));
        return false;
    }
    document = builder.take_document();
    if (document.kind == Node::Kind::Null) document.place = {source, 0, 0};
    return true;
}

}  // namespace regatta::scenario
