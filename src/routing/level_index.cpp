#include "routing/level_index.hpp"

#include <string>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

void LevelIndex::insert(std::uint32_t item, std::uint32_t level) {
    auto found = levels_.lower_bound(level);
    if (found == levels_.end() || found->first != level) {
        if (spare_.empty()) {
            found = levels_.emplace_hint(found, level, BitTree(size_));
        } else {
            Levels::node_type node = std::move(spare_.back());
            spare_.pop_back();
            node.key() = level;
            found = levels_.insert(found, std::move(node));
        }
    }
    found->second.insert(item);
}

void LevelIndex::move(std::uint32_t item, std::uint32_t from, std::uint32_t to) {
    const auto found = levels_.find(from);
    REGATTA_CHECK(found != levels_.end() && found->second.contains(item),
                  "item " + std::to_string(item) + " is not on level " + std::to_string(from));
    found->second.erase(item);
    if (found->second.is_empty()) spare_.push_back(levels_.extract(found));
    insert(item, to);
}

std::uint32_t LevelIndex::lowest_from(std::uint32_t start) const {
    REGATTA_CHECK(!levels_.empty(), "a lowest item was asked of an empty index");
    return levels_.begin()->second.first_from(start);
}

}  // namespace regatta::routing
