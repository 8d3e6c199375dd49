#include "random_model.hpp"

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/serialization/array.hpp>
#include <memory>
#include <utility>

#include "delaying_transport.hpp"
#include "reference_run.hpp"
#include "regatta/base/random.hpp"
#include "thread_transport.hpp"

namespace regatta::engine::test {

namespace {

constexpr std::uint32_t kSlots = 3;

/// Mixes one number into a history, order-sensitively (the finalizer of splitmix64; Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t history, std::uint64_t value) {
    std::uint64_t z = (history ^ value) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct Token {
    std::uint32_t hops = 0;
    std::uint64_t number = 0;
};

/// What all processes of a run know.
struct World {
    RandomSpec spec;
    Model model;
    std::vector<std::uint64_t> histories;
};

class RandomLp final : public LogicalProcess {
public:
    RandomLp(World& world, GroupId group, std::uint32_t index, LpId id)
        : world_(&world), group_(group), index_(index), id_(id), not_before_(world.spec.groups.size()) {
        not_before_of_slot_.fill(not_before_);
    }

    [[nodiscard]] std::uint32_t wake_up_slots() const override { return kSlots; }

    void start(Context& context) override {
        for (std::uint32_t i = 0; i < world_->spec.tokens; ++i)
            send(world_->spec.hops, context);
        context.wake_at(below(kSlots), SimTime::from_ns(below(100)));
    }
    void handle(const Event& event, Context& context) override {
        const auto token = event.payload_as<Token>();
        note(1, event.time);
        note(event.instant_order, event.key);
        note(event.sender.value(), token.number);
        react(event.event_class(), context);
        act(token.hops, context);
        carry_on(context);
    }
    void wake(std::uint32_t slot, Context& context) override {
        note(2 + slot, context.now());
        not_before_ = not_before_of_slot_[slot];
        act(3, context);
        carry_on(context);
    }
    void bring_up(SimTime now) override { note(10, now); }
    void sample(SimTime at) override { note(11, at); }
    void report(BoardId board, SimTime at, BoardWriter& writer) override {
        note(12 + board.value(), at);
        if (below(4) > 0) writer.put(index_, static_cast<std::uint32_t>(history_));
    }
    void board_changed(BoardId board, SimTime reported_at, std::span<const std::uint32_t> values,
                       Context& context) override {
        note(100 + board.value(), reported_at);
        note(101, context.now());
        for (const std::uint32_t value : values)
            note(102, value);
        if (board_acts_left_ == 0 || below(2) > 0) return;
        --board_acts_left_;  // bounded, or boards would keep the run alive for ever
        react(kBoardChange, context);
        act(2, context);
    }
    void finish(SimTime end, std::span<const Event> undelivered) override {
        note(200, end);
        for (const Event& event : undelivered) {
            note(201, event.time);
            note(event.instant_order, event.payload_as<Token>().number);
        }
        world_->histories[id_.index()] = history_;
    }

    void save(OutArchive& archive) const override {
        archive << history_ << draws_ << wake_ups_left_ << board_acts_left_ << not_before_of_slot_;
    }
    void load(InArchive& archive) override {
        archive >> history_ >> draws_ >> wake_ups_left_ >> board_acts_left_ >> not_before_of_slot_;
    }

private:
    void note(std::uint64_t what, std::uint64_t value) { history_ = mixed(mixed(history_, what), value); }
    void note(std::uint64_t what, SimTime time) { note(what, static_cast<std::uint64_t>(time.ns())); }

    std::uint32_t below(std::uint32_t bound) {
        const std::uint64_t bits = random_bits(world_->spec.seed, RandomPurpose::PholdIncrement, id_.value(), draws_++);
        return static_cast<std::uint32_t>(uniform_below(bound, bits));
    }

    /// Notes what is promised: nothing that follows from this input is sent to a group before.
    void react(EventClass input, const Context& context) {
        for (std::size_t i = 0; i < not_before_.size(); ++i) {
            const SimTime least = world_->model.reaction(group_, input, GroupId(static_cast<std::uint16_t>(i)));
            not_before_[i] = least.is_never() ? least : context.now() + least;
        }
    }

    void plan(SimTime at, Context& context) {
        if (wake_ups_left_ == 0) return;
        --wake_ups_left_;
        const std::uint32_t slot = below(kSlots);
        not_before_of_slot_[slot] = not_before_;  // what follows from an input by way of a wake-up follows from it
        context.wake_at(slot, at);
    }

    /// The last thing it does: what comes next happens in the same call or at a wake-up, and nobody can tell.
    void carry_on(Context& context) {
        if (wake_ups_left_ == 0 || below(3) > 0) return;
        --wake_ups_left_;
        const SimTime at = context.now() + SimTime::from_ns(1 + below(100));
        context.cancel_wake_up(0);
        not_before_of_slot_[0] = not_before_;
        if (context.go_on_to(at))
            wake(0, context);
        else
            context.wake_at(0, at);
    }

    void publish(Context& context) {
        for (std::uint16_t board = 0; board < world_->spec.boards.size(); ++board)
            if (world_->spec.boards[board].is_published && world_->spec.boards[board].from == group_)
                context.publish(BoardId(board), index_, below(5));
    }

    /// Does something of everything; sends a message that has `hops` left.
    void act(std::uint32_t hops, Context& context) {
        if (below(2) == 0) publish(context);
        if (hops > 0) send(hops - 1, context);
        if (hops > 0 && below(4) == 0) send(hops / 2, context);
        if (below(3) == 0) plan(context.now() + SimTime::from_ns(below(4) == 0 ? 0 : below(200)), context);
        if (below(8) == 0) context.cancel_wake_up(below(kSlots));
        if (below(4) == 0) look(context);
    }

    const Link* random_link(bool is_within_island) {
        std::vector<const Link*> links;
        for (const Link& link : world_->spec.links)
            if (link.from == group_ && world_->spec.groups[link.to.index()].count > 0 &&
                (!is_within_island || link.latency == SimTime()))
                links.push_back(&link);
        return links.empty() ? nullptr : links[below(static_cast<std::uint32_t>(links.size()))];
    }
    LpId random_member(GroupId group) {
        return world_->model.id_of(group, below(world_->spec.groups[group.index()].count));
    }

    void send(std::uint32_t hops, Context& context) {
        const Link* link = random_link(false);
        if (link == nullptr) return;
        if (const SimTime earliest = not_before_[link->to.index()]; context.now() < earliest) {
            if (!earliest.is_never()) plan(earliest, context);
            return;
        }
        const LpId to = random_member(link->to);
        // Often exactly the latency, and few keys and classes: so that many events tie.
        const std::uint32_t spread = below(3);
        const SimTime delay = link->latency + SimTime::from_ns(spread == 0 ? 0 : below(spread == 1 ? 8 : 300));
        const auto event_class = link->carries != kWakeUp ? link->carries : static_cast<EventClass>(1 + below(3));
        const std::uint64_t key = below(4);
        context.send(to, delay, event_class, key, Token{.hops = hops, .number = history_});
    }

    void look(Context& context) {
        const Link* link = random_link(true);
        if (link == nullptr) return;
        const LogicalProcess& other = context.peek(random_member(link->to));
        note(13, static_cast<const RandomLp&>(other).history_);
    }

    World* world_;
    GroupId group_;
    std::uint32_t index_;
    LpId id_;
    std::uint64_t history_ = 0;
    std::uint64_t draws_ = 0;
    std::uint32_t wake_ups_left_ = 8;
    std::uint32_t board_acts_left_ = 5;
    std::vector<SimTime> not_before_;  ///< by group: nothing that follows from what is handled is sent there before
    std::array<std::vector<SimTime>, kSlots> not_before_of_slot_;
};

void build(World& world) {
    for (std::size_t i = 0; i < world.spec.groups.size(); ++i) {
        const GroupId group(static_cast<std::uint16_t>(i));
        world.model.add_group({.name = fmt::format("group{}", i),
                               .count = world.spec.groups[i].count,
                               .load = static_cast<double>(world.spec.groups[i].load),
                               .make = [&world, group](std::uint32_t index, LpId id) {
                                   return std::make_unique<RandomLp>(world, group, index, id);
                               }});
    }
    std::vector<GroupId> sampled;
    for (const Link& link : world.spec.links)
        world.model.add_link(link);
    for (const Reaction& reaction : world.spec.reactions)
        world.model.add_reaction(reaction);
    for (Board board : world.spec.boards) {
        board.entries = world.spec.groups[board.from.index()].count;
        world.model.add_board(board);
    }
    // Every other group, so that sampled and not sampled ones meet.
    for (std::size_t i = 0; i < world.spec.groups.size(); i += 2)
        sampled.emplace_back(static_cast<std::uint16_t>(i));
    if (world.spec.sample_period) world.model.sample_every(*world.spec.sample_period, sampled);
    world.histories.assign(world.model.process_count(), 0);
}

}  // namespace

Outcome run_random(const RandomSpec& spec, const HowToRun& how) {
    World world{.spec = spec, .model = {}, .histories = {}};
    build(world);
    Outcome outcome;
    std::atomic<std::int64_t> events = 0;
    const auto run_rank = [&](Transport& transport) {
        const Partition partition = how.partitioner(world.model, how.ranks);
        const RunReport report =
            run_in_parts(world.model, partition, transport, how.until, how.pauses, how.bound, how.way);
        events += report.progress.events;
        if (transport.rank() == 0) outcome.end = report.end;
    };
    if (how.delays)
        run_on_delayed_ranks(how.ranks, *how.delays, run_rank);
    else
        run_on_ranks(how.ranks, run_rank);
    outcome.histories = std::move(world.histories);
    outcome.events = events;
    return outcome;
}

Outcome run_random_in_legs(const RandomSpec& spec, SimTime until, const std::vector<Leg>& legs) {
    World world{.spec = spec, .model = {}, .histories = {}};
    build(world);
    Outcome outcome;
    SavedParts saved;
    bool is_over = false;
    for (std::size_t i = 0; !is_over; ++i) {
        const Leg& leg = legs.at(i);
        SavedParts parts(leg.ranks);
        std::atomic<std::int64_t> events = 0;
        run_on_ranks(leg.ranks, [&](Transport& transport) {
            Simulation simulation(world.model, leg.partitioner(world.model, leg.ranks), transport, leg.bound, leg.way);
            if (i > 0) load_parts(simulation, saved);
            RunOptions options{.until = until, .pause = leg.pause};
            std::uint32_t windows = 0;
            // The last rank alone wants to.
            if (leg.windows > 0)
                options.wish = [&] {
                    return transport.rank() + 1 == leg.ranks && ++windows >= leg.windows ? Wish::Stop : Wish::None;
                };
            const RunReport report = simulation.run(options);
            events += report.progress.events;
            if (transport.rank() == 0) {
                outcome.end = report.end;
                is_over = report.paused_for == Wish::None;
            }
            parts[transport.rank()] = simulation.save();
            if (report.paused_for == Wish::None) simulation.finish(report.end);
        });
        saved = std::move(parts);
        outcome.events += events;
    }
    outcome.histories = std::move(world.histories);
    return outcome;
}

SavedParts saved_at(const RandomSpec& spec, SimTime at, std::uint32_t ranks) {
    World world{.spec = spec, .model = {}, .histories = {}};
    build(world);
    SavedParts parts(ranks);
    run_on_ranks(ranks, [&](Transport& transport) {
        Simulation simulation(world.model, partition_round_robin(world.model, ranks), transport);
        simulation.run({.until = at, .observer = {}});
        parts[transport.rank()] = simulation.save();
    });
    return parts;
}

std::string refusal_of(const RandomSpec& spec, const SavedParts& parts) {
    World world{.spec = spec, .model = {}, .histories = {}};
    build(world);
    std::string text;
    run_on_ranks(1, [&](Transport& transport) {
        Simulation simulation(world.model, partition_by_load(world.model, 1), transport);
        try {
            load_parts(simulation, parts);
        } catch (const IoError& error) {
            text = error.what();
        }
    });
    return text;
}

Outcome run_random_by_reference(const RandomSpec& spec, SimTime until) {
    World world{.spec = spec, .model = {}, .histories = {}};
    build(world);
    ReferenceRun reference(world.model);
    Outcome outcome;
    outcome.end = reference.run(until);
    outcome.events = reference.events();
    outcome.histories = std::move(world.histories);
    return outcome;
}

RandomSpec arbitrary_spec() {
    using rc::gen::element;
    using rc::gen::inRange;
    RandomSpec spec;
    spec.seed = *inRange<std::uint64_t>(0, 1'000'000);
    const auto groups = *inRange<std::uint32_t>(1, 5);
    for (std::uint32_t i = 0; i < groups; ++i)
        spec.groups.push_back({.count = *inRange<std::uint32_t>(i == 0 ? 1 : 0, 5), .load = *inRange(1u, 10u)});
    const auto group = [&] { return GroupId(static_cast<std::uint16_t>(*inRange<std::uint32_t>(0, groups))); };
    for (int links = *inRange(1, 7); links > 0; --links) {
        const auto latency_ns = *element<std::int64_t>(0, 2, 9, 9, 40, 40, 200, 200, 1'000);
        spec.links.push_back({.from = group(),
                              .to = group(),
                              .latency = SimTime::from_ns(latency_ns),
                              .carries = static_cast<EventClass>(*inRange(0, 4))});
    }
    for (int reactions = *inRange(0, 8); reactions > 0; --reactions) {
        const Link& input = spec.links[*inRange<std::size_t>(0, spec.links.size())];
        const auto other_class = static_cast<EventClass>(*element(1, 2, 3, int{kBoardChange}));
        const EventClass input_class = *inRange(0, 2) == 1 && input.carries != kWakeUp ? input.carries : other_class;
        const auto least_ns = *element<std::int64_t>(0, 30, 120, 400, SimTime::never().ns());
        spec.reactions.push_back(
            {.group = input.to, .input = input_class, .to = group(), .least = SimTime::from_ns(least_ns)});
    }
    for (int boards = *inRange(0, 3); boards > 0; --boards)
        spec.boards.push_back({.from = group(),
                               .to = group(),
                               .period = SimTime::from_ns(*element<std::int64_t>(60, 100, 170)),
                               .latency = SimTime::from_ns(*element<std::int64_t>(5, 40, 100, 250)),
                               .entries = 0,
                               .is_published = *inRange(0, 2) == 1});
    if (*inRange(0, 2) == 1) spec.sample_period = SimTime::from_ns(*element<std::int64_t>(25, 64));
    spec.tokens = *inRange(0u, 5u);
    spec.hops = *inRange(0u, 12u);
    return spec;
}

std::string to_text(const RandomSpec& spec) {
    std::string text = fmt::format("seed {}, {} tokens, {} hops", spec.seed, spec.tokens, spec.hops);
    for (const RandomSpec::Members& members : spec.groups)
        text += fmt::format("; {} processes of load {}", members.count, members.load);
    for (const Link& link : spec.links)
        text += fmt::format("; link {} -> {}, {} ns, carries {}", link.from.value(), link.to.value(), link.latency.ns(),
                            link.carries);
    for (const Reaction& reaction : spec.reactions)
        text += fmt::format("; group {} gets {}: to {} after {} ns", reaction.group.value(), reaction.input,
                            reaction.to.value(), reaction.least.ns());
    for (const Board& board : spec.boards)
        text += fmt::format("; {}board {} -> {} every {} ns, {} ns later", board.is_published ? "published " : "",
                            board.from.value(), board.to.value(), board.period.ns(), board.latency.ns());
    if (spec.sample_period) text += fmt::format("; samples every {} ns", spec.sample_period->ns());
    return text;
}

}  // namespace regatta::engine::test
