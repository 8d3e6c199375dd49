#include "routing/lor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {
namespace {

using serving::Load;

/// Replicas with as much of each load as was typed.
class TypedLoads final : public ReplicaLook {
public:
    explicit TypedLoads(std::vector<std::uint64_t> loads) : loads_(std::move(loads)) {}
    [[nodiscard]] std::uint64_t load(Load /*load*/, std::uint32_t replica) const override { return loads_.at(replica); }

private:
    std::vector<std::uint64_t> loads_;
};

class Lor : public testing::Test {
protected:
    Lor()
        : view_(
              {.replicas = 4, .loads = {Load::Requests, Load::Waiting}, .reports = Reports::Instant, .instant = pool_}),
          candidates_(std::array<PoolView*, 1>{&view_}) {}

    std::uint32_t choose_at(std::int64_t now_ns, Router& router) {
        pool_->looks(SimTime::from_ns(now_ns), typed_);
        const std::uint32_t chosen = router.choose(request_of(0), candidates_);
        view_.dispatched(chosen, request_of(0), SimTime::from_ns(now_ns));
        pool_->looks_away();
        return chosen;
    }

    TypedLoads typed_{{3, 1, 2, 1}};
    std::shared_ptr<InstantPool> pool_ = std::make_shared<InstantPool>();
    PoolView view_;
    Candidates candidates_;
};

TEST_F(Lor, TakesTheLowestOfThoseWithTheFewest) {
    LorRouter router({.pools = {{.replicas = 4}}});
    EXPECT_EQ(choose_at(5, router), 1U);
    EXPECT_EQ(choose_at(6, router), 1U);
}

TEST_F(Lor, CountsItsOwnChoicesOfTheInstantAndForgetsThemAfter) {
    LorRouter router({.pools = {{.replicas = 4}}});
    const std::vector<std::uint32_t> chosen = {choose_at(5, router), choose_at(5, router), choose_at(5, router),
                                               choose_at(5, router), choose_at(6, router)};
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{1, 3, 1, 2, 1}));
}

TEST_F(Lor, CountsOutstandingRequestsAndAsVidurThoseThatWait) {
    EXPECT_EQ(LorRouter({.pools = {{.replicas = 4}}}).looks_at(), serving::LoadSet{Load::Requests});
    EXPECT_EQ(LorRouter({.pools = {{.replicas = 4}}, .is_as_vidur = true}).looks_at(), serving::LoadSet{Load::Waiting});
}

TEST_F(Lor, IsAskedWithinAnInstantOnly) {
    LorRouter router({.pools = {{.replicas = 4}}});
    EXPECT_THROW(static_cast<void>(router.choose(request_of(0), candidates_)), BugError);
}

TEST(InstantView, IsTheOnlyOneThatKnowsWhoWaits) {
    EXPECT_THROW(LoadView(Load::Waiting, 2, Reports::OnCompletion), BugError);
    EXPECT_THROW(LoadView(Load::Waiting, 2, Reports::Periodic), BugError);
    EXPECT_THROW(LoadView(Load::Requests, 2, Reports::Instant), BugError);
}

}  // namespace
}  // namespace regatta::routing
