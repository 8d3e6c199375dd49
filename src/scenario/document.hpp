#pragma once

#include <compare>
#include <functional>
#include <string>
#include <vector>

namespace regatta::scenario {

/// Where something stands: in one of the files that were read, or in a `--set`.
struct Place {
    int source = 0;  ///< number given by Problems::add_source
    int line = 0;    ///< from 1; 0: the source as a whole
    int column = 0;  ///< from 1
    friend auto operator<=>(const Place&, const Place&) = default;
};

/// Collects everything that is wrong with an input, to be told at once and in the order of the files.
class Problems {
public:
    /// `name` is what the user calls it: a path, or `--set #2 (seed=x)`. Problems are told in the order of the sources.
    int add_source(std::string name);
    [[nodiscard]] const std::string& source_name(int source) const;
    /// `path` is the key's, "fleet.pools[0].nodes"; empty for the document as a whole.
    void add(const Place& place, const std::string& path, const std::string& what);
    /// A whole line that another reader wrote, which names its file itself: comes after those of all sources.
    void add_told(std::string line);
    /// Runs `read`; false after telling, likewise, what it threw as InputError.
    bool tells(const std::function<void()>& read);
    [[nodiscard]] bool empty() const { return found_.empty(); }
    [[nodiscard]] std::size_t size() const { return found_.size(); }
    /// Throws InputError with all of them, or does nothing when there are none.
    void throw_if_any() const;

private:
    struct Problem {
        Place place;
        std::string text;
    };
    std::vector<std::string> sources_;
    std::vector<Problem> found_;
};

/// A value of a YAML document as it was written. Unlike yaml-cpp's, it keeps every key with its place, and says whether
/// a scalar was quoted.
struct Node {
    enum class Kind { Null, Scalar, List, Map };
    struct Key {
        std::string text;
        Place place;
    };

    Kind kind = Kind::Null;
    std::string text;        ///< of a scalar; of a map that an override made out of a scalar: that scalar
    bool is_quoted = false;  ///< of a scalar
    Place place;
    std::vector<Key> keys;    ///< of a map: keys[i] names items[i]
    std::vector<Node> items;  ///< of a list or map

    [[nodiscard]] const Node* find(const std::string& key) const;
    [[nodiscard]] Node* find(const std::string& key);
    /// Adds the key or replaces its value.
    void put(const std::string& key, const Place& key_place, Node value);
    /// Takes the key out, if it is there.
    void remove(const std::string& key);
    /// As an error message names it: `"8"`, `the quoted text "8"`, `a list`, `a map`, `nothing`.
    [[nodiscard]] std::string as_found() const;
};

/// What one document may be at most. A scenario of a thousand pools stays far below.
inline constexpr std::size_t kMaxDocumentBytes = 4U << 20U;
inline constexpr std::size_t kMaxDocumentDepth = 32;
inline constexpr std::size_t kMaxDocumentValues = 200'000;

/// Parses one YAML document. Duplicate and merge keys, tags and further documents are problems; after a syntax error
/// the rest cannot be read and the answer is false. An empty document is a Null node.
[[nodiscard]] bool parse_document(const std::string& text, int source, Node& document, Problems& problems);

}  // namespace regatta::scenario
