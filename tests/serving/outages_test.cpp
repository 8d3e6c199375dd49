#include "serving/outages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "regatta/base/archive.hpp"

namespace regatta::serving {
namespace {

constexpr double kMtbf_s = 5000;
constexpr double kMttr_s = 300;

FailingPart part_with(const FailureLaw& law, std::uint64_t entity = 7) {
    return {.end_gpu = 1, .entity = entity, .law = law};
}

struct Spans {
    std::vector<double> up_s;
    std::vector<double> down_s;
};

Spans draw(PartState state, int outages) {
    Spans spans;
    for (int i = 0; i < outages; ++i) {
        spans.up_s.push_back((state.change() - state.since()).seconds());
        state.turn();
        EXPECT_TRUE(state.is_down());
        spans.down_s.push_back((state.change() - state.since()).seconds());
        state.turn();
        EXPECT_FALSE(state.is_down());
    }
    return spans;
}

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

double variation(const std::vector<double>& values) {
    const double middle = mean(values);
    double sum = 0;
    for (const double value : values)
        sum += (value - middle) * (value - middle);
    return std::sqrt(sum / static_cast<double>(values.size() - 1)) / middle;
}

/// Coefficient of variation of a Weibull variable: Gamma(1 + 2/k) / Gamma(1 + 1/k)^2 - 1 is its square.
double weibull_variation(double shape) {
    return std::sqrt(std::tgamma(1 + 2 / shape) / std::pow(std::tgamma(1 + 1 / shape), 2) - 1);
}

/// Their mean lies within 3.29 times variation / sqrt(number) with a probability of 99.9 %; draws are the same in every
/// run.
void expect_weibull(const std::vector<double>& values, double mean_s, double shape) {
    const double cv = weibull_variation(shape);
    EXPECT_NEAR(mean(values) / mean_s, 1, 3.29 * cv / std::sqrt(static_cast<double>(values.size())));
    EXPECT_NEAR(variation(values) / cv, 1, 0.05);
}

constexpr int kDraws = 20'000;

TEST(PartState, FailsAndIsRepairedExponentiallyWithShapeOne) {
    const Spans spans = draw({part_with({.mtbf_s = kMtbf_s, .mttr_s = kMttr_s}), 1, {SimTime::never()}}, kDraws);
    expect_weibull(spans.up_s, kMtbf_s, 1);
    expect_weibull(spans.down_s, kMttr_s, 1);
    // Exponential: 1/e of them are longer than the mean.
    const auto longer = std::count_if(spans.up_s.begin(), spans.up_s.end(), [](double up) { return up > kMtbf_s; });
    EXPECT_NEAR(static_cast<double>(longer) / kDraws, std::exp(-1), 0.01);
}

TEST(PartState, FailsAndIsRepairedByWeibullLaws) {
    for (const double shape : {0.8, 2.0}) {
        SCOPED_TRACE(shape);
        const Spans spans =
            draw({part_with({.mtbf_s = kMtbf_s, .mttr_s = kMttr_s, .shape = shape, .repair_shape = 1.5}),
                  1,
                  {SimTime::never()}},
                 kDraws);
        expect_weibull(spans.up_s, kMtbf_s, shape);
        expect_weibull(spans.down_s, kMttr_s, 1.5);
    }
}

TEST(PartState, UpTimesAndRepairsAreDrawnApart) {
    const Spans spans = draw({part_with({.mtbf_s = kMtbf_s, .mttr_s = kMtbf_s}), 1, {SimTime::never()}}, kDraws);
    double product = 0;
    for (std::size_t i = 0; i < spans.up_s.size(); ++i)
        product += (spans.up_s[i] / kMtbf_s - 1) * (spans.down_s[i] / kMtbf_s - 1);
    EXPECT_NEAR(product / kDraws, 0, 3.29 / std::sqrt(kDraws));
}

TEST(PartState, AgreesWithAllThatDrawForTheSameEntity) {
    // Nodes of a rack: members differ, the entity does not. Another entity or seed is another history.
    FailingPart here = part_with({.mtbf_s = kMtbf_s, .mttr_s = kMttr_s});
    FailingPart there = here;
    there.member = 3;
    there.first_gpu = 8;
    there.end_gpu = 16;
    const Spans spans = draw({here, 1, {SimTime::never()}}, 50);
    EXPECT_EQ(draw({there, 1, {SimTime::never()}}, 50).up_s, spans.up_s);
    EXPECT_EQ(draw({there, 1, {SimTime::never()}}, 50).down_s, spans.down_s);
    EXPECT_NE(draw({part_with(*here.law, 8), 1, {SimTime::never()}}, 50).up_s, spans.up_s);
    EXPECT_NE(draw({here, 2, {SimTime::never()}}, 50).up_s, spans.up_s);
}

TEST(PartState, FailsBeforeTheEndOnlyAndIsRepairedAfterIt) {
    const FailureLaw law{.mtbf_s = 10, .mttr_s = 10};
    for (std::uint64_t entity = 0; entity < 50; ++entity) {
        SCOPED_TRACE(entity);
        PartState state(part_with(law, entity), 1, {SimTime::from_s(30)});
        while (!state.change().is_never()) {
            if (!state.is_down()) {
                EXPECT_LT(state.change(), SimTime::from_s(30));
            }
            state.turn();
        }
        EXPECT_FALSE(state.is_down());
    }
}

TEST(PartState, FollowsAScript) {
    FailingPart part = part_with({});
    part.law.reset();
    part.script = {{SimTime::from_s(3), SimTime::from_s(5)}, {SimTime::from_s(9), SimTime::from_s(10)}};
    // Scripted outages may come after the last arrival.
    PartState state(part, 1, {SimTime::from_s(4)});
    std::vector<std::int64_t> changes_s;
    while (!state.change().is_never()) {
        changes_s.push_back(state.change().ns() / 1'000'000'000);
        state.turn();
        EXPECT_EQ(state.is_down(), changes_s.size() % 2 == 1);
    }
    EXPECT_EQ(changes_s, (std::vector<std::int64_t>{3, 5, 9, 10}));
}

TEST(PartState, NeverFailsWithAMeanBeyondAllRuns) {
    const PartState state(part_with({.mtbf_s = 1e15, .mttr_s = 1}), 1, {SimTime::never()});
    EXPECT_TRUE(state.change().is_never());
}

TEST(PartState, GoesOnFromItsSavedState) {
    const FailureLaw law{.mtbf_s = kMtbf_s, .mttr_s = kMttr_s};
    PartState state(part_with(law), 1, {SimTime::never()});
    for (int turns = 0; turns < 5; ++turns)
        state.turn();
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        const PartState& saved = state;
        out << saved;
    }
    PartState restored(part_with(law), 1, {SimTime::never()});
    InArchive in(bytes);
    in >> restored;
    for (int turns = 0; turns < 5; ++turns) {
        EXPECT_EQ(restored.change(), state.change());
        EXPECT_EQ(restored.since(), state.since());
        EXPECT_EQ(restored.is_down(), state.is_down());
        state.turn();
        restored.turn();
    }
}

/// Up times of parts that work by one law and, from an age of 1000 s on, by another.
std::vector<double> up_times_with(const FailureLaw& law, const FailureLaw& later) {
    std::vector<double> up_s;
    for (std::uint64_t entity = 0; entity < kDraws; ++entity) {
        FailingPart part = part_with(law, entity);
        part.later = {{.from = SimTime::from_s(1000), .law = later}};
        up_s.push_back(PartState(part, 1, {SimTime::never()}).change().seconds());
    }
    return up_s;
}

// Who is older than 1000 s then has an exponential rest with the new mean; nobody else is another.
TEST(PartState, FailsByTheLawOfTheTime) {
    const FailureLaw law{.mtbf_s = kMtbf_s, .mttr_s = kMttr_s};
    const std::vector<double> before = up_times_with(law, law);
    const std::vector<double> after = up_times_with(law, {.mtbf_s = 100, .mttr_s = kMttr_s});
    std::vector<double> rests_s;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i] < 1000)
            EXPECT_EQ(after[i], before[i]);
        else
            rests_s.push_back(after[i] - 1000);
    }
    EXPECT_GT(rests_s.size(), 15'000U);
    expect_weibull(rests_s, 100, 1);
}

// By another shape a part has the hazard of its age: P(up > t) = exp(-H1(1000) - H2(t) + H2(1000)).
TEST(PartState, GoesOnAtItsAge) {
    const std::vector<double> up_s =
        up_times_with({.mtbf_s = 2000, .mttr_s = 1, .shape = 0.8}, {.mtbf_s = 3000, .mttr_s = 1, .shape = 2});
    const auto hazard = [](double mean_s, double shape, double age_s) {
        return std::pow(age_s * std::tgamma(1 + 1 / shape) / mean_s, shape);
    };
    for (const double age_s : {1200.0, 2500.0, 4000.0}) {
        SCOPED_TRACE(age_s);
        const double expected = std::exp(-hazard(2000, 0.8, 1000) - hazard(3000, 2, age_s) + hazard(3000, 2, 1000));
        const auto longer = std::count_if(up_s.begin(), up_s.end(), [&](double up) { return up > age_s; });
        EXPECT_NEAR(static_cast<double>(longer) / kDraws, expected, 3.29 * 0.5 / std::sqrt(kDraws));
    }
}

// As long as it is closed nothing fails and nothing ages.
TEST(PartState, DoesNotFailOutOfSeason) {
    const FailureLaw law{.mtbf_s = 100, .mttr_s = 1};
    const TimeSpan closed{.from = SimTime::from_s(60), .until = SimTime::from_s(90)};
    for (std::uint64_t entity = 0; entity < 200; ++entity) {
        const SimTime plain = PartState(part_with(law, entity), 1, {SimTime::never()}).change();
        const SimTime out = PartState(part_with(law, entity), 1, {SimTime::never(), {closed}}).change();
        EXPECT_EQ(out, plain < closed.from ? plain : plain + SimTime::from_s(30));
    }
}

// A part that was saved while one law held finds the change that another one gives it.
TEST(PartState, IsLoadedIntoAnotherLaw) {
    const FailureLaw law{.mtbf_s = 500, .mttr_s = 20};
    FailingPart part = part_with(law);
    PartState saved(part, 1, {SimTime::never()});
    for (int i = 0; i < 7; ++i)
        saved.turn();
    part.later = {{.from = saved.since() + SimTime::from_ns(1), .law = {.mtbf_s = 500, .mttr_s = 2000}}};
    PartState other(part, 1, {SimTime::never()});
    PartState from_scratch = other;
    for (int i = 0; i < 7; ++i)
        from_scratch.turn();
    ByteBlock stream;
    OutArchive(stream) << std::as_const(saved);
    InArchive archive(stream);
    archive >> other;
    EXPECT_TRUE(other.is_down());
    EXPECT_EQ(other.change(), from_scratch.change());
    EXPECT_GT(other.change(), saved.change());
}

}  // namespace
}  // namespace regatta::serving
