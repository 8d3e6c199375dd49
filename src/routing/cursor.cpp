#include "routing/cursor.hpp"

#include <string>

#include "regatta/base/errors.hpp"

namespace regatta::routing {

Cursor::Cursor(const RouterTarget& target)
    : replicas_(target.replicas()),
      at_(static_cast<std::uint32_t>(std::uint64_t{target.gateway} * target.replicas() / target.gateways)) {}

void Cursor::restore(std::uint64_t at) {
    REGATTA_CHECK(at < replicas_, "a cursor at replica " + std::to_string(at) + " of " + std::to_string(replicas_));
    at_ = static_cast<std::uint32_t>(at);
}

}  // namespace regatta::routing
