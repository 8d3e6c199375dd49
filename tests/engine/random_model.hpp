#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "regatta/engine/model.hpp"
#include "run_in_parts.hpp"
#include "scripted_lp.hpp"

namespace regatta::engine::test {

/// A model in which everything that the engine offers happens at random, but addressed by `seed`: messages over links
/// with and without delay, with ties; wake-ups planned, planned anew and cancelled; looks into the island; boards whose
/// readers act on them; samples; reactions to inputs, some of them promised to take their time.
struct RandomSpec {
    struct Members {
        std::uint32_t count = 1;
        std::uint32_t load = 1;
    };
    std::uint64_t seed = 1;
    std::vector<Members> groups;
    std::vector<Link> links;
    std::vector<Reaction> reactions;  ///< promises, which the processes keep
    std::vector<Board> boards;        ///< entries follow from the group that reports
    std::optional<SimTime> sample_period;
    std::uint32_t tokens = 2;  ///< messages that each process starts with
    std::uint32_t hops = 6;    ///< that each of these goes
};

[[nodiscard]] std::string to_text(const RandomSpec& spec);

/// To be called inside a property.
[[nodiscard]] RandomSpec arbitrary_spec();

struct HowToRun {
    std::uint32_t ranks = 1;
    Partitioner partitioner = partition_by_load;
    SimTime until = SimTime::never();
    Pauses pauses = {};
    Bound bound = Bound::Promises;
    ExchangeWay way = ExchangeWay::Auto;
    std::optional<std::uint64_t> delays = {};  ///< seed of those of the transport; none: it has none
};

/// A part of a run: by so many ranks, up to an instant, or to where one rank wants to pause, after so many windows.
struct Leg {
    std::uint32_t ranks = 1;
    Partitioner partitioner = partition_by_load;
    SimTime pause = SimTime::never();
    std::uint32_t windows = 0;  ///< 0: no rank wants to
    Bound bound = Bound::Promises;
    ExchangeWay way = ExchangeWay::Auto;
};

/// What must not depend on how a model is run.
struct Outcome {
    /// By process: a hash over all that happened to it, in the order in which it did, and over what it saw.
    std::vector<std::uint64_t> histories;
    SimTime end;
    std::int64_t events = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

[[nodiscard]] Outcome run_random(const RandomSpec& spec, const HowToRun& how);
/// Leg after leg, each by simulations that load what those of the leg before have saved, to the run's end. The last leg
/// does not pause.
[[nodiscard]] Outcome run_random_in_legs(const RandomSpec& spec, SimTime until, const std::vector<Leg>& legs);

/// What so many ranks save at an instant, and what a simulation says that is to load such parts; empty: nothing.
[[nodiscard]] SavedParts saved_at(const RandomSpec& spec, SimTime at, std::uint32_t ranks);
[[nodiscard]] std::string refusal_of(const RandomSpec& spec, const SavedParts& parts);

/// The same by ReferenceRun.
[[nodiscard]] Outcome run_random_by_reference(const RandomSpec& spec, SimTime until);

}  // namespace regatta::engine::test
