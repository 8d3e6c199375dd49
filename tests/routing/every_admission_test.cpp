#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "known_fleet.hpp"
#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/routing/admission.hpp"
#include "regatta/routing/admission_registry.hpp"
#include "routing/queue_limit.hpp"

namespace regatta::routing {
namespace {

using serving::EndReason;
using serving::Load;

AdmissionTarget two_classes() {
    return {.class_of_stream = {"chat", "batch"}, .gateways = 2};
}

/// Every parameter nearly as strict as it may be: rates at their least, numbers so that one small request gets in.
Parameters strictest(const std::vector<Parameter>& declared) {
    Parameters values;
    for (const Parameter& one : declared) {
        if (one.kind == ParameterKind::Count) values.set(one.key, static_cast<std::int64_t>(one.least) * 4);
        if (one.kind == ParameterKind::Rate || one.kind == ParameterKind::Real) values.set(one.key, one.least);
    }
    return values;
}

std::unique_ptr<Admission> make_rule(const std::string& name, const Parameters& parameters) {
    const AdmissionRegistry registry = built_in_admissions();
    return registry.find(name)->make(two_classes(), parameters);
}

/// Holds for every rule, known or still to come: the registry says which there are.
class EveryAdmission : public testing::TestWithParam<std::string> {
protected:
    [[nodiscard]] static std::unique_ptr<Admission> make() {
        const AdmissionRegistry registry = built_in_admissions();
        return make_rule(GetParam(), strictest(registry.find(GetParam())->parameters));
    }
};

/// What became of requests that come every 10 ms and, let in, stay at replica `id % 3`.
std::vector<EndReason> drive(Admission& rule, KnownFleet& fleet, std::uint64_t first, std::uint64_t end) {
    std::vector<EndReason> reasons;
    for (std::uint64_t id = first; id < end; ++id) {
        Request request = request_of(id, 1);
        request.stream = StreamId(static_cast<std::uint16_t>(id % 2));
        const SimTime now = SimTime::from_ms(10 * static_cast<std::int64_t>(id));
        const auto chosen = static_cast<std::uint32_t>(id % 3);
        EndReason reason = rule.at_gateway(request, now);
        if (reason == EndReason::None) reason = rule.at_replica(request, fleet.candidates(), chosen);
        if (reason == EndReason::None) {
            rule.let_in(request, now);
            fleet.dispatched(chosen, request, now);
        }
        reasons.push_back(reason);
    }
    return reasons;
}

TEST_P(EveryAdmission, LetsTheFirstInAndTurnsAwayInTheEndWithAReason) {
    const auto rule = make();
    KnownFleet fleet({3});
    const std::vector<EndReason> reasons = drive(*rule, fleet, 0, 50);
    EXPECT_EQ(reasons.front(), EndReason::None);
    EXPECT_NE(reasons.back(), EndReason::None);
}

TEST_P(EveryAdmission, DecidesTheSameForTheSameInputs) {
    const auto one = make();
    const auto other = make();
    KnownFleet one_fleet({3});
    KnownFleet other_fleet({3});
    EXPECT_EQ(drive(*one, one_fleet, 0, 50), drive(*other, other_fleet, 0, 50));
}

TEST_P(EveryAdmission, ChargesNothingForARequestThatIsNotLetIn) {
    // Asked over and over without being told that the request came in, it says the same.
    const auto rule = make();
    KnownFleet fleet({3});
    const Request request = request_of(1, 1);
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(rule->at_gateway(request, SimTime::from_ms(1)), EndReason::None);
        ASSERT_EQ(rule->at_replica(request, fleet.candidates(), 0), EndReason::None);
    }
}

TEST_P(EveryAdmission, GoesOnTheSameWayFromItsSavedState) {
    const auto rule = make();
    const auto loaded = make();
    KnownFleet fleet({3});
    (void)drive(*rule, fleet, 0, 3);
    ByteBlock bytes;
    {
        OutArchive out(bytes);
        rule->save(out);
    }
    InArchive in(bytes);
    loaded->load(in);
    KnownFleet other({3});
    KnownFleet fresh({3});
    EXPECT_EQ(drive(*rule, fresh, 3, 50), drive(*loaded, other, 3, 50));
}

TEST_P(EveryAdmission, AsksForNoLoadThatItDidNotNameBeforehand) {
    const auto rule = make();
    PoolView view({.replicas = 3, .loads = rule->looks_at()});
    const Candidates candidates(std::vector<PoolView*>{&view});
    EXPECT_EQ(rule->at_replica(request_of(1, 1), candidates, 2), EndReason::None);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryAdmission, testing::ValuesIn(built_in_admissions().names()),
                         [](const auto& instance) { return instance.param; });

TEST(QueueLimit, TurnsAwayAtTheLimitOfTheChosenReplicaAlone) {
    QueueLimit limit(2);
    KnownFleet fleet({2, 1});
    fleet.dispatched(1);
    EXPECT_EQ(limit.at_replica(request_of(1), fleet.candidates(), 1), EndReason::None);
    fleet.dispatched(1);
    EXPECT_EQ(limit.at_replica(request_of(1), fleet.candidates(), 1), EndReason::QueueFull);
    EXPECT_EQ(limit.at_replica(request_of(1), fleet.candidates(), 2), EndReason::None);
    fleet.completed(1);
    EXPECT_EQ(limit.at_replica(request_of(1), fleet.candidates(), 1), EndReason::None);
}

Parameters rates(const std::vector<std::pair<std::string, Parameters::Value>>& given) {
    Parameters parameters;
    for (const auto& [key, value] : given)
        parameters.set(key, value);
    return parameters;
}

Request of_stream(std::uint16_t stream, std::uint32_t prompt_tokens, std::uint32_t output_tokens) {
    Request request = request_of(1, prompt_tokens);
    request.output_tokens = output_tokens;
    request.stream = StreamId(stream);
    return request;
}

TEST(RateLimit, LimitsItsClassAlone) {
    const auto limit = make_rule(
        "rate_limit", rates({{"class", std::string("batch")}, {"requests", 1.0}, {"burst", std::int64_t{2}}}));
    limit->let_in(of_stream(1, 1, 1), SimTime());  // all that this gateway of two may let in at once
    EXPECT_EQ(limit->at_gateway(of_stream(1, 1, 1), SimTime()), EndReason::RateLimited);
    EXPECT_EQ(limit->at_gateway(of_stream(0, 1, 1), SimTime()), EndReason::None);
    EXPECT_EQ(limit->at_gateway(of_stream(1, 1, 1), SimTime::from_ms(1999)), EndReason::RateLimited);
    EXPECT_EQ(limit->at_gateway(of_stream(1, 1, 1), SimTime::from_ms(2000)), EndReason::None);
}

TEST(RateLimit, CountsPromptAndAskedForAnswer) {
    const auto limit = make_rule("rate_limit", rates({{"tokens", 100.0}, {"token_burst", std::int64_t{400}}}));
    EXPECT_EQ(limit->at_gateway(of_stream(0, 150, 51), SimTime()), EndReason::RateLimited);
    EXPECT_EQ(limit->at_gateway(of_stream(0, 150, 50), SimTime()), EndReason::None);
    limit->let_in(of_stream(0, 150, 50), SimTime());
    EXPECT_EQ(limit->at_gateway(of_stream(1, 50, 50), SimTime::from_ms(1999)), EndReason::RateLimited);
    EXPECT_EQ(limit->at_gateway(of_stream(1, 50, 50), SimTime::from_ms(2000)), EndReason::None);
}

TEST(RateLimit, TakesFromBothOrNeither) {
    const auto limit = make_rule(
        "rate_limit",
        rates({{"requests", 1.0}, {"burst", std::int64_t{2}}, {"tokens", 1.0}, {"token_burst", std::int64_t{100}}}));
    EXPECT_EQ(limit->at_gateway(of_stream(0, 50, 1), SimTime()), EndReason::RateLimited);
    EXPECT_EQ(limit->at_gateway(of_stream(0, 49, 1), SimTime()), EndReason::None);
}

TEST(RateLimit, RefusesWhatMeansNothing) {
    const auto problems_of = [](const Parameters& parameters) {
        try {
            (void)make_rule("rate_limit", parameters);
        } catch (const InputError& error) {
            return error.problems();
        }
        return std::vector<std::string>{};
    };
    using Lines = std::vector<std::string>;
    EXPECT_EQ(problems_of({}), Lines{"nothing is limited; expected requests and burst, or tokens and token_burst"});
    EXPECT_EQ(problems_of(rates({{"requests", 5.0}})),
              Lines{"requests: means nothing without burst; give both or neither"});
    EXPECT_EQ(problems_of(rates({{"token_burst", std::int64_t{5}}})),
              Lines{"token_burst: means nothing without tokens; give both or neither"});
    EXPECT_EQ(problems_of(rates({{"requests", 5.0}, {"burst", std::int64_t{1}}})),
              Lines{"burst: 1 over 2 gateways leave each less than one; expected at least 2"});
    EXPECT_EQ(problems_of(rates({{"requests", 5.0}, {"burst", std::int64_t{2}}, {"class", std::string("batsh")}})),
              Lines{"class: no stream is of class \"batsh\"; allowed: batch, chat; did you mean \"batch\"?"});
}

TEST(AdmissionRegistry, HasTheRulesOfTheScenarioReference) {
    EXPECT_EQ(built_in_admissions().names(), (std::vector<std::string>{"queue_limit", "rate_limit"}));
}

}  // namespace
}  // namespace regatta::routing
