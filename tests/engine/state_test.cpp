// State can leave the process: a run that is interrupted, saved and loaded elsewhere goes on as if nothing had
// happened.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "random_model.hpp"

namespace regatta::engine::test {
namespace {

/// Up to three instants before `end`, in order.
std::vector<SimTime> arbitrary_pauses(SimTime end) {
    std::vector<SimTime> pauses;
    for (int count = *rc::gen::inRange(1, 4); count > 0; --count)
        pauses.push_back(SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, end.ns() + 1)));
    std::sort(pauses.begin(), pauses.end());
    return pauses;
}

RC_GTEST_PROP(State, LeavesTheProcessAndGoesOnElsewhere, ()) {
    const RandomSpec spec = arbitrary_spec();
    const SimTime until =
        *rc::gen::inRange(0, 2) == 0 ? SimTime::never() : SimTime::from_ns(*rc::gen::inRange<std::int64_t>(0, 3'000));
    const Outcome whole = run_random(spec, {.until = until});
    const std::vector<SimTime> pauses = arbitrary_pauses(whole.end);
    RC_LOG() << to_text(spec) << ", until " << until.ns() << " ns\n";
    for (const std::uint32_t ranks : {1u, 3u}) {
        RC_LOG() << ranks << " ranks\n";
        for (const bool are_saved : {false, true})
            RC_ASSERT(run_random(spec, {.ranks = ranks,
                                        .partitioner = partition_round_robin,
                                        .until = until,
                                        .pauses = {.at = pauses, .are_saved = are_saved}}) == whole);
    }
}

}  // namespace
}  // namespace regatta::engine::test
