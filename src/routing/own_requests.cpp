#include "routing/own_requests.hpp"

#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

void OwnRequests::dispatched(std::uint32_t replica) {
    const std::uint32_t before = counts_[replica]++;
    if (index_) index_->move(replica, before, before + 1);
}

void OwnRequests::completed(std::uint32_t replica) {
    REGATTA_CHECK(counts_[replica] > 0,
                  "replica " + std::to_string(replica) + " completed a request that was not outstanding there");
    const std::uint32_t before = counts_[replica]--;
    if (index_) index_->move(replica, before, before - 1);
}

std::uint32_t OwnRequests::least(std::uint32_t start) {
    if (!index_) {
        index_.emplace(replicas());
        for (std::uint32_t replica = 0; replica < replicas(); ++replica)
            index_->insert(replica, counts_[replica]);
    }
    return index_->lowest_from(start);
}

}  // namespace regatta::routing
