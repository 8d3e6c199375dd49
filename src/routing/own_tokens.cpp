#include "routing/own_tokens.hpp"

#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

void OwnTokens::dispatched(std::uint32_t replica, std::uint32_t tokens) {
    tokens_[replica] += tokens;
    if (tree_) tree_->set(replica, tokens_[replica]);
}

void OwnTokens::completed(std::uint32_t replica, std::uint32_t tokens) {
    REGATTA_CHECK(tokens_[replica] >= tokens, "replica " + std::to_string(replica) + " completed a request of " +
                                                  std::to_string(tokens) + " tokens that was not outstanding there");
    tokens_[replica] -= tokens;
    if (tree_) tree_->set(replica, tokens_[replica]);
}

std::uint32_t OwnTokens::least(std::uint32_t start) {
    if (!tree_) tree_.emplace(tokens_);
    return tree_->least_from(start);
}

}  // namespace regatta::routing
