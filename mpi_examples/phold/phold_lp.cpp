#include "phold/phold_lp.hpp"

#include <array>
#include <cmath>
#include <span>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"

namespace regatta::phold {

namespace {

constexpr engine::EventClass kToken = 1;
constexpr std::uint64_t kDigestTag = 0x70686f6c64;  // "phold"

/// Mixes one number into a history (the finalizer of splitmix64; Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t history, std::uint64_t value) {
    std::uint64_t z = (history ^ value) + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct Token {
    std::uint64_t number = 0;  ///< of the population: unique
};

}  // namespace

PholdLp::PholdLp(const PholdOptions& options, LpId id, PholdTotals& totals)
    : options_(&options), id_(id), totals_(&totals) {}

void PholdLp::start(engine::Context& context) {
    for (std::uint32_t i = 0; i < options_->population; ++i)
        send_on(std::uint64_t{id_.value()} * options_->population + i, context);
}

void PholdLp::handle(const engine::Event& event, engine::Context& context) {
    ++handled_;
    history_ = mixed(history_, static_cast<std::uint64_t>(event.time.ns()));
    history_ = mixed(history_, event.key ^ (std::uint64_t{event.sender.value()} << 32));
    send_on(event.payload_as<Token>().number, context);
}

void PholdLp::wake(std::uint32_t /*slot*/, engine::Context& /*context*/) {
    throw BugError("PHOLD plans no wake-ups");
}

void PholdLp::send_on(std::uint64_t token, engine::Context& context) {
    const std::uint64_t draw = draws_++;
    const RandomPair bits = random_pair(options_->seed, RandomPurpose::PholdIncrement, id_.value(), draw);
    const auto exponential_mean_ns = static_cast<double>((options_->mean_increment - options_->lookahead).ns());
    const double increment_ns = -std::log(open_unit(bits.first)) * exponential_mean_ns;
    const SimTime delay = options_->lookahead + SimTime::from_ns(static_cast<std::int64_t>(increment_ns + 0.5));
    // The upper half of the second word decides whether the token goes elsewhere, the lower half where.
    LpId to = id_;
    if (static_cast<double>(bits.second >> 32) * 0x1.0p-32 < options_->remote_fraction)
        to = LpId(static_cast<std::uint32_t>(uniform_below(options_->processes, bits.second << 32)));
    context.send(to, delay, kToken, token, Token{.number = token});
}

void PholdLp::finish(SimTime /*end*/, std::span<const engine::Event> /*undelivered*/) {
    const std::array<std::uint64_t, 3> row = {id_.value(), static_cast<std::uint64_t>(handled_), history_};
    totals_->digest.add(kDigestTag, std::as_bytes(std::span(row)));
    totals_->events += handled_;
}

void PholdLp::save(OutArchive& archive) const {
    archive << draws_ << handled_ << history_;
}
void PholdLp::load(InArchive& archive) {
    archive >> draws_ >> handled_ >> history_;
}

engine::Model phold_model(const PholdOptions& options, PholdTotals& totals) {
    engine::Model model;
    const engine::GroupId group = model.add_group(
        {.name = "process", .count = options.processes, .load = 1, .make = [&options, &totals](std::uint32_t, LpId id) {
             return std::make_unique<PholdLp>(options, id, totals);
         }});
    model.add_link({.from = group, .to = group, .latency = options.lookahead});
    return model;
}

}  // namespace regatta::phold
