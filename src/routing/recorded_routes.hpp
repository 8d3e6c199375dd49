#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regatta::routing {

/// Which request went to which replica in a recorded run.
class RecordedRoutes {
public:
    /// The text of a CSV file with the columns request_id and replica_id, others beside them. Throws InputError, with
    /// the line, when it is none, a request has two rows, or a replica is not below `replicas`.
    RecordedRoutes(std::string_view text, std::uint32_t replicas);

    [[nodiscard]] std::optional<std::uint32_t> replica_of(std::uint64_t request) const;

private:
    std::vector<std::pair<std::uint64_t, std::uint32_t>> routes_;  ///< by request
};

}  // namespace regatta::routing
