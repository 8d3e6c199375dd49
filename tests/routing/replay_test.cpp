#include "routing/replay.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

using Problems = std::vector<std::string>;

/// Two pools of two and three replicas, behind another one of four.
RouterTarget target_with(const std::string& text) {
    return {.pools = {{.replicas = 2, .first_replica = 4}, {.replicas = 3, .first_replica = 6}},
            .fleet_replicas = 9,
            .read_file = [text](const std::string& /*path*/) { return text; }};
}

Problems problems_of(const std::string& text, std::uint64_t request = 0) {
    try {
        KnownFleet fleet({2, 3});
        ReplayRouter router(target_with(text), "routes.csv");
        static_cast<void>(fleet.choose(router, request));
    } catch (const InputError& error) {
        return error.problems();
    }
    return {};
}

TEST(Replay, SendsEachRequestWhereTheFileSays) {
    KnownFleet fleet({2, 3});
    ReplayRouter router(target_with("replica_id,x,request_id\r\n8,,7\r\n4,,3\r\n\r\n5,,281474976710656\r\n"),
                        "routes.csv");
    EXPECT_EQ(fleet.choose(router, 3), 0U);
    EXPECT_EQ(fleet.choose(router, 7), 4U);
    EXPECT_EQ(fleet.choose(router, std::uint64_t{1} << 48), 1U);
}

TEST(Replay, RefusesAFileThatDoesNotFit) {
    EXPECT_EQ(problems_of("request,replica_id\n"),
              Problems{"file: line 1: expected a header with request_id and replica_id; no request_id"});
    EXPECT_EQ(problems_of("request_id,replica_id\n0,4\n1,9\n"),
              Problems{"file: line 3: replica_id 9; the fleet has 9 replicas, from 0 to 8"});
    EXPECT_EQ(problems_of("request_id,replica_id\n0,4.5\n"),
              Problems{"file: line 2: replica_id: expected a whole number, found \"4.5\""});
    EXPECT_EQ(problems_of("request_id,replica_id\n0\n"),
              Problems{"file: line 2: replica_id: expected a whole number, found \"\""});
    EXPECT_EQ(problems_of("request_id,replica_id\n3,4\n3,5\n"), Problems{"file: request 3 has two rows"});
    const std::string long_line((std::size_t{1} << 20U) + 1, 'x');
    EXPECT_EQ(problems_of(long_line),
              Problems{"file: line 1: expected a line of at most 1048576 bytes, found 1048577"});
    EXPECT_EQ(problems_of("request_id,replica_id\n" + long_line),
              Problems{"file: line 2: expected a line of at most 1048576 bytes, found 1048577"});
}

TEST(Replay, RefusesARequestThatTheFileDoesNotHave) {
    EXPECT_EQ(problems_of("request_id,replica_id\n0,4\n", 1),
              Problems{"gateways.router.file: routes.csv has no row for request 1"});
    EXPECT_EQ(problems_of("request_id,replica_id\n0,3\n"),
              Problems{"gateways.router.file: routes.csv sends request 0 to replica 3, whose pool does not serve it"});
}

}  // namespace
}  // namespace regatta::routing
