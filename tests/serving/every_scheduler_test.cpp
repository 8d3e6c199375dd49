// What holds for every replica scheduler, known or still to come: it runs over the registry.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/errors.hpp"
#include "regatta/serving/replica_scheduler.hpp"
#include "replica_driver.hpp"
#include "serving/speculation.hpp"
#include "step_times.hpp"

namespace regatta::serving {
namespace {

const std::vector<std::string> kClasses = {"chat", "batch", "rush"};
/// Of streams 0 to 4; stream 5 is not known. In some of the cases clients of some streams give up.
std::vector<StreamTerms> any_streams() {
    std::vector<StreamTerms> streams = {{.priority = 0, .service_class = 0},
                                        {.priority = 5, .service_class = 1},
                                        {.priority = -3, .service_class = 2},
                                        {.priority = 5, .service_class = 0},
                                        {.priority = 0, .service_class = 1}};
    if (*rc::gen::element(true, true, false)) return streams;
    for (StreamTerms& terms : streams)
        if (*rc::gen::element(true, true, false))
            terms.timeout =
                SimTime::from_ns(*rc::gen::element(1, 1'000, 8'000, 40'000, 300'000) + *rc::gen::inRange(0, 500));
    return streams;
}

/// A value small enough that it binds; an optional one is left out half of the time.
void set_any(Parameters& parameters, const Parameter& parameter, int size) {
    const auto least = static_cast<std::int64_t>(parameter.least);
    switch (parameter.kind) {
        case ParameterKind::Count:
            parameters.set(parameter.key, *rc::gen::resize(size, rc::gen::inRange<std::int64_t>(least, least + 24)));
            return;
        case ParameterKind::Word:
            parameters.set(parameter.key, *rc::gen::resize(size, rc::gen::elementOf(parameter.choices)));
            return;
        case ParameterKind::Duration:
            if (*rc::gen::resize(size, rc::gen::element(false, true)))
                parameters.set(parameter.key,
                               SimTime::from_ns(*rc::gen::element(1, 200, 3'000, 50'000) + *rc::gen::inRange(0, 500)));
            return;
        case ParameterKind::Counts: {
            std::vector<std::pair<std::string, std::int64_t>> counts;
            for (const std::string& name : kClasses)
                if (*rc::gen::resize(size, rc::gen::inRange(0, 3)) == 2)
                    counts.emplace_back(name, *rc::gen::inRange(least, least + 5));
            parameters.set(parameter.key, std::move(counts));
            return;
        }
        case ParameterKind::Fraction:
            parameters.set(parameter.key, *rc::gen::element(0.0, 0.01, 0.1, 0.3));
            return;
        default:
            RC_FAIL("no such parameter is known here");
    }
}

/// In pipelines and with proposals no policy knows an order, waits or classes: cases that have them would be in vain.
void set_plain(Parameters& parameters, const Parameter& parameter, int size) {
    if (parameter.kind == ParameterKind::Word)
        parameters.set(parameter.key, parameter.choices.front());
    else if (parameter.kind == ParameterKind::Counts)
        parameters.set(parameter.key, std::vector<std::pair<std::string, std::int64_t>>());
    else if (parameter.kind != ParameterKind::Duration)
        set_any(parameters, parameter, size);
}

/// What a policy is made with. Policies refuse some combinations; then the next is tried.
Parameters any_parameters(const SchedulerRegistry::Entry& entry, SchedulerLimits& limits) {
    const bool is_plain = limits.pipeline_stages > 1 || limits.speculation != nullptr;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        // Some accept little of what is small.
        const int size = attempt == 0 ? rc::kNominalSize / 2 : rc::kNominalSize;
        limits.kv_blocks = *rc::gen::resize(size, rc::gen::inRange<std::int64_t>(1, 40));
        limits.block_tokens = *rc::gen::element<std::int64_t>(1, 2, 3, 4, 16);
        limits.max_context_tokens = *rc::gen::element<std::int64_t>(20, 100, 1000);
        Parameters parameters;
        for (const Parameter& parameter : entry.parameters)
            (is_plain ? set_plain : set_any)(parameters, parameter, size);
        try {
            (void)entry.make(limits, parameters, Stepping::Lazy);
            return parameters;
        } catch (const InputError&) {
            continue;
        }
    }
    RC_FAIL("no parameters are accepted");
}

std::shared_ptr<const timing::StepTimeModel> any_timing() {
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            return small_roofline();
        case 1:
            return std::make_shared<Staircase>(*rc::gen::inRange<std::int64_t>(1, 60), 0);
        case 2:
            return std::make_shared<Staircase>(*rc::gen::inRange<std::int64_t>(1, 200), 70'001);
        default:
            return std::make_shared<timing::LinearStepTime>(timing::LinearStepTime::Options{
                .step_ns = 1 + *rc::gen::inRange(0, 1000) / 7.0,
                .token_ns = *rc::gen::inRange(0, 100) / 11.0,
                .context_token_ns = *rc::gen::element(0.0, 0.00001, 0.037, 1.0, 250.3)});
    }
}

/// Lengths near block boundaries, bursts, requests of one instant, gaps long enough to run dry; some do not fit.
std::vector<Request> any_requests(const SchedulerLimits& limits) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    const std::int64_t pace_ns = *rc::gen::element(1, 300, 3'000, 30'000);
    std::vector<Request> requests;
    std::int64_t at_ns = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        at_ns += *rc::gen::weightedOneOf<std::int64_t>({{3, rc::gen::just<std::int64_t>(0)},
                                                        {4, rc::gen::inRange<std::int64_t>(0, pace_ns + 1)},
                                                        {1, rc::gen::inRange<std::int64_t>(0, 40 * pace_ns)}});
        const std::int64_t boundary = limits.block_tokens * *rc::gen::inRange<std::int64_t>(1, 6);
        const std::int64_t prompt =
            *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 30),
                            rc::gen::inRange(std::max<std::int64_t>(boundary - 1, 1), boundary + 2));
        const auto output = *rc::gen::weightedOneOf<std::uint32_t>(
            {{1, rc::gen::just(1u)}, {4, rc::gen::inRange(1u, 40u)}, {1, rc::gen::inRange(1u, 400u)}});
        requests.push_back(request(i, at_ns, static_cast<std::uint32_t>(prompt), output));
        requests.back().stream = StreamId(*rc::gen::inRange<std::uint16_t>(0, 6));
    }
    return requests;
}

/// An instant of the run at which something could go wrong by one: a step's end, one before, one after.
SimTime near_a_step_end(const Story& story) {
    RC_PRE(!story.wake_ups.empty());
    const std::int64_t at = (*rc::gen::elementOf(story.wake_ups)).ns() + *rc::gen::inRange<std::int64_t>(-1, 2);
    return SimTime::from_ns(std::max<std::int64_t>(at, 1));
}

/// Makes clients of one stream give up just when an answer of it is complete, or when the word of it comes at a step
/// end: one before, one after.
void aim_timeout(std::vector<StreamTerms>& streams, const Script& script, const Story& story, SimTime gateway_latency) {
    const Fate& fate = *rc::gen::elementOf(story.fates);
    const Request& asked = script.requests.at(fate.id);
    if (asked.stream.index() >= streams.size() || fate.state != EndState::Finished) return;
    const SimTime meets = *rc::gen::element(SimTime(), gateway_latency);
    const std::int64_t timeout_ns = fate.end_ns - (asked.arrival + meets).ns() + *rc::gen::inRange<std::int64_t>(-1, 2);
    streams[asked.stream.index()].timeout = SimTime::from_ns(std::max<std::int64_t>(timeout_ns, 1));
}

/// A policy on one GPU or in a pipeline; as it should be, or with the defects of Vidur's.
struct Variant {
    std::string policy;
    std::int64_t stages = 1;
    bool is_like_vidur = false;
    bool speculates = false;

    friend std::ostream& operator<<(std::ostream& out, const Variant& variant) {
        out << variant.policy;
        if (variant.stages > 1) out << "_in_" << variant.stages << "_stages";
        if (variant.speculates) out << "_with_proposals";
        return variant.is_like_vidur ? out << "_like_vidur" : out;
    }
};

bool has_pipelines(const std::string& policy) {
    return policy != "lightllm";
}

std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const std::string& policy : built_in_schedulers().names()) {
        all.push_back({.policy = policy});
        if (policy != "vllm_v1") all.push_back({.policy = policy, .is_like_vidur = true});
        if (!has_pipelines(policy)) continue;
        all.push_back({.policy = policy, .stages = 2});
        all.push_back({.policy = policy, .speculates = true});
        all.push_back({.policy = policy, .stages = 3, .speculates = true});
        if (policy == "vllm_v1") continue;
        all.push_back({.policy = policy, .stages = 3, .is_like_vidur = true});
    }
    return all;
}

/// Those that serve everything they accept.
std::vector<Variant> right_variants() {
    std::vector<Variant> all = variants();
    std::erase_if(all, [](const Variant& variant) { return variant.is_like_vidur; });
    return all;
}

/// None to four proposals are right.
std::shared_ptr<const Speculation> any_speculation(const Variant& variant) {
    if (!variant.speculates) return nullptr;
    auto speculation = std::make_shared<Speculation>();
    speculation->tokens = *rc::gen::inRange(1, 5);
    speculation->reach = reach_of_chances({*rc::gen::element(0.0, 0.3, 0.8, 1.0)}, speculation->tokens);
    speculation->seed = *rc::gen::arbitrary<std::uint32_t>();
    return speculation;
}

struct Case {
    std::shared_ptr<std::vector<StreamTerms>> streams;  ///< of the subject's limits, in however many copies
    std::shared_ptr<const Speculation> speculation;
    Parameters parameters;
    Subject subject;
    Script script;
    Story truth;  ///< step by step
};

Case any_case(const Variant& variant) {
    const SchedulerRegistry registry = built_in_schedulers();
    const SchedulerRegistry::Entry& entry = *registry.find(variant.policy);
    Case made;
    made.streams =
        std::make_shared<std::vector<StreamTerms>>(variant.is_like_vidur ? std::vector<StreamTerms>() : any_streams());
    made.speculation = any_speculation(variant);
    made.subject.limits = {.streams = *made.streams,
                           .classes = kClasses,
                           .gateway_latency = SimTime::from_ns(*rc::gen::element(1, 40, 2'000)),
                           .pipeline_stages = variant.stages,
                           .speculation = made.speculation.get(),
                           .is_like_vidur = variant.is_like_vidur};
    made.parameters = any_parameters(entry, made.subject.limits);
    made.subject.scheduler = [make = entry.make, parameters = made.parameters](const SchedulerLimits& limits,
                                                                               Stepping stepping) {
        return make(limits, parameters, stepping);
    };
    made.subject.timing = any_timing();
    made.script.requests = any_requests(made.subject.limits);
    // Mostly what the way takes; sometimes the gateway has kept a request, perhaps for longer than its client waits.
    made.script.way = made.subject.limits.gateway_latency + SimTime::from_ns(*rc::gen::element(0, 0, 0, 700));
    Story undisturbed = tell(made.subject, Stepping::Stepwise, made.script);
    if (*rc::gen::inRange(0, 4) == 0) {
        aim_timeout(*made.streams, made.script, undisturbed, made.subject.limits.gateway_latency);
        undisturbed = tell(made.subject, Stepping::Stepwise, made.script);
    }
    const auto samples = *rc::gen::inRange(0, 12);
    for (int i = 0; i < samples; ++i)
        made.script.samples.push_back(near_a_step_end(undisturbed));
    std::sort(made.script.samples.begin(), made.script.samples.end());
    if (*rc::gen::element(true, false)) made.script.until = near_a_step_end(undisturbed);
    made.truth = tell(made.subject, Stepping::Stepwise, made.script);
    return made;
}

std::string text_of(const Variant& variant) {
    std::ostringstream text;
    text << variant;
    return text.str();
}

class EveryScheduler : public testing::TestWithParam<Variant> {
protected:
    EveryScheduler() : name_(text_of(GetParam())) {}

    [[nodiscard]] bool has_parameter(const std::string& key) const {
        const SchedulerRegistry registry = built_in_schedulers();
        const std::vector<Parameter>& all = registry.find(GetParam().policy)->parameters;
        return std::any_of(all.begin(), all.end(), [&](const Parameter& parameter) { return parameter.key == key; });
    }
    /// Who reserves or looks ahead never takes blocks away.
    [[nodiscard]] bool may_preempt() const {
        const std::string& policy = GetParam().policy;
        return policy == "vllm_v1" || policy == "vllm" || policy == "sarathi";
    }
    /// Of this one alone no decode is ever left out of a step.
    [[nodiscard]] bool serves_every_decode() const { return GetParam().policy == "vllm_v1" && GetParam().stages == 1; }

    std::string name_;
};
class EveryRightScheduler : public EveryScheduler {};

/// How many cases are tried is said by RC_PARAMS=max_success=N (tests/serving/CMakeLists.txt); a failure prints how to
/// repeat it.
TEST_P(EveryScheduler, TellsTheSameStoryLazilyAndStepByStep) {
    std::int64_t cases = 0;
    std::int64_t preemptions = 0;
    std::map<EndReason, std::int64_t> reasons;
    const bool holds = rc::check(name_ + " tells the same story lazily and step by step", [&] {
        const Case made = any_case(GetParam());
        ++cases;
        preemptions += made.truth.sums.preemptions;
        for (const Fate& fate : made.truth.fates)
            ++reasons[fate.reason];
        const Story lazy = tell(made.subject, Stepping::Lazy, made.script);
        const std::string found = difference(lazy, made.truth);
        if (!found.empty()) RC_FAIL("lazily, step by step: " + found);
    });
    EXPECT_TRUE(holds);
    if (may_preempt()) {
        EXPECT_GT(preemptions, cases / 5) << "the cases do not press hard enough on the KV cache";
    } else {
        EXPECT_EQ(preemptions, 0);
    }
    if (has_parameter("max_waiting") && GetParam().stages == 1 && !GetParam().speculates) {
        EXPECT_GT(reasons[EndReason::WaitedTooLong], cases / 2) << "the cases do not make requests wait long enough";
    }
    if (!GetParam().is_like_vidur) {
        EXPECT_GT(reasons[EndReason::ClientGone], cases / 8) << "the cases do not make clients lose patience";
    }
}

TEST_P(EveryScheduler, GoesOnTheSameWayFromItsSavedState) {
    const bool holds = rc::check(name_ + " goes on the same way from its saved state", [&] {
        Case made = any_case(GetParam());
        made.script.move_at = near_a_step_end(made.truth);
        const Stepping stepping = *rc::gen::element(Stepping::Lazy, Stepping::Stepwise);
        const std::string found = difference(tell(made.subject, stepping, made.script), made.truth);
        if (!found.empty()) RC_FAIL("moved, left alone: " + found);
    });
    EXPECT_TRUE(holds);
}

TEST_P(EveryRightScheduler, EndsEverythingItAcceptsAsItShould) {
    const bool holds = rc::check(name_ + " ends everything it accepts as it should", [&] {
        Case made = any_case(GetParam());
        made.script.until.reset();
        const Story story = tell(made.subject, Stepping::Lazy, made.script);
        RC_ASSERT(story.fates.size() == made.script.requests.size());
        for (const Fate& fate : story.fates) {
            const Request& asked = made.script.requests.at(fate.id);
            RC_ASSERT(fate.state != EndState::Unfinished);
            if (fate.state == EndState::Rejected) continue;
            RC_ASSERT(fate.received_ns == (asked.arrival + made.script.way).ns());
            const SimTime patience = terms_of(asked, *made.streams).timeout;
            const bool is_late = fate.end_ns > (asked.arrival + patience).ns();
            if (fate.reason == EndReason::WaitedTooLong) {
                RC_ASSERT(fate.end_ns - fate.received_ns == made.parameters.duration("max_waiting").ns());
                RC_ASSERT(fate.scheduled_ns == kNoTime && fate.generated == 0);
                continue;
            }
            RC_ASSERT(is_late == (fate.reason == EndReason::ClientGone));
            RC_ASSERT(is_late == (fate.state == EndState::TimedOut));
            if (fate.generated < asked.output_tokens) {
                const SimTime known = asked.arrival + patience + made.subject.limits.gateway_latency;
                RC_ASSERT(is_late && fate.end_ns >= known.ns());
                continue;
            }
            RC_ASSERT(fate.generated == asked.output_tokens);
            RC_ASSERT(fate.scheduled_ns >= fate.received_ns && fate.first_token_ns > fate.scheduled_ns);
            RC_ASSERT((fate.end_ns == fate.first_token_ns) == (asked.output_tokens == 1));
            RC_ASSERT(fate.end_ns >= fate.first_token_ns);
            RC_ASSERT(has_time_for_preemptions(fate));
        }
        RC_ASSERT(story.lengths.count() == story.sums.steps);
    });
    EXPECT_TRUE(holds);
}

TEST_P(EveryRightScheduler, CountsOneGapLessThanTokensForEveryAnswer) {
    const bool holds = rc::check(name_ + " counts one gap less than tokens", [&] {
        Case made = any_case(GetParam());
        made.script.until.reset();
        const Story story = tell(made.subject, Stepping::Lazy, made.script);
        std::int64_t gaps = 0;
        WideSum from_first_to_last_token;
        bool is_last_token_known = true;
        for (const Fate& fate : story.fates) {
            if (fate.generated == 0) continue;
            gaps += fate.generated - 1;
            from_first_to_last_token.add(fate.end_ns - fate.first_token_ns, 1);
            // One that was preempted may have been given up long after its last token.
            is_last_token_known &= (fate.preemptions == 0 && serves_every_decode()) ||
                                   fate.generated == made.script.requests[fate.id].output_tokens;
        }
        RC_ASSERT(story.gaps.count() == gaps);
        if (is_last_token_known) RC_ASSERT(story.gaps.sum_ns() == from_first_to_last_token);
    });
    EXPECT_TRUE(holds);
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryScheduler, testing::ValuesIn(variants()),
                         [](const auto& instance) { return text_of(instance.param); });
INSTANTIATE_TEST_SUITE_P(BuiltIn, EveryRightScheduler, testing::ValuesIn(right_variants()),
                         [](const auto& instance) { return text_of(instance.param); });

TEST(SchedulerRegistry, DescribesEveryParameter) {
    const SchedulerRegistry registry = built_in_schedulers();
    for (const auto& entry : registry.entries()) {
        SCOPED_TRACE(entry.name);
        EXPECT_FALSE(entry.sentence.empty());
        for (const Parameter& parameter : entry.parameters) {
            SCOPED_TRACE(parameter.key);
            EXPECT_FALSE(parameter.sentence.empty());
            EXPECT_FALSE(parameter.is_required && !parameter.default_text.empty());
        }
    }
}

}  // namespace
}  // namespace regatta::serving
