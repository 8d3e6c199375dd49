#include "workload/synthetic_source.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"
#include "workload/copula.hpp"

namespace regatta::workload {

ArrivalTimes::ArrivalTimes(Options options)
    : options_(std::move(options)), index_(options_.first_index), clock_(options_.terms.front().from) {}

bool ArrivalTimes::advance() {
    while (true) {
        const bool has_next = index_ < terms().end_index;
        double gap = 0;
        SimTime planned = SimTime::never();
        if (has_next) {
            const double uniform = uniform_open(options_.seed, RandomPurpose::Arrival, options_.stream.value(), index_);
            gap = terms().process->gap_s(drawn_, uniform);
            planned = terms().curve != nullptr ? terms().curve->after(clock_, left_ * gap)
                                               : clock_ + SimTime::from_seconds(left_ * gap);
        }
        const bool is_last = current_ + 1 == options_.terms.size();
        if (has_next && planned < terms().until && (is_last || planned < options_.terms[current_ + 1].from)) {
            clock_ = planned;
            left_ = 1;
            ++drawn_;
            index_ += options_.index_step;
            return true;
        }
        if (is_last) return false;
        turn(planned, gap);
    }
}

/// To the next terms: nothing more comes before them.
void ArrivalTimes::turn(SimTime planned, double gap) {
    const Terms& before = terms();
    const SimTime at = options_.terms[++current_].from;
    // What ended the stream, a limit or the time, came before: it begins anew.
    const bool has_ended = index_ >= before.end_index || (planned >= before.until && before.until < at);
    const bool is_same = before.process == terms().process && before.curve == terms().curve;
    if (is_same && !has_ended) return;
    if (has_ended)
        left_ = 1;
    else if (gap > 0)
        left_ = std::max(
            0.0,
            left_ - (before.curve != nullptr ? before.curve->expected(clock_, at) : (at - clock_).seconds()) / gap);
    clock_ = at;
}

void ArrivalDeal::serve(std::uint32_t gateway) {
    REGATTA_CHECK(dealt_ == 0, "all gateways of a rank must be made before one of them draws requests");
    REGATTA_CHECK(!lanes_.at(gateway).is_served, "each gateway has one source");
    lanes_[gateway].is_served = true;
}

void ArrivalDeal::discard(std::uint32_t gateway, std::uint64_t count) {
    REGATTA_CHECK(dealt_ == 0, "requests are skipped before any are drawn");
    lanes_[gateway].to_discard = count;
}

SimTime ArrivalDeal::take(std::uint32_t gateway) {
    std::deque<SimTime>& mine = lanes_[gateway].arrivals;
    while (mine.empty() && !is_at_end_) {
        if (!times_.advance()) {
            is_at_end_ = true;
            break;
        }
        Lane& lane = lanes_[dealt_++ % lanes_.size()];
        if (!lane.is_served) continue;
        if (lane.to_discard > 0) {
            --lane.to_discard;
            continue;
        }
        lane.arrivals.push_back(times_.arrival());
    }
    if (mine.empty()) return SimTime::never();
    const SimTime arrival = mine.front();
    mine.pop_front();
    return arrival;
}

std::uint64_t ArrivalDeal::buffered() const {
    std::uint64_t count = 0;
    for (const Lane& lane : lanes_)
        count += lane.arrivals.size();
    return count;
}

namespace {

ArrivalTimes::Options arrivals_of(const SyntheticPlan& plan, std::uint16_t stream,
                                  std::shared_ptr<const ArrivalProcess> ArrivalTerms::*process) {
    ArrivalTimes::Options options{.terms = {}, .seed = plan.seed, .stream = plan.ids[stream]};
    const auto add = [&](const ArrivalTerms& terms) {
        options.terms.push_back({.process = (terms.*process).get(),
                                 .curve = terms.curve.get(),
                                 .end_index = terms.limit.value_or(UINT64_MAX),
                                 .from = terms.from,
                                 .until = terms.until});
    };
    add(plan.streams[stream].arrivals);
    for (const ArrivalTerms& terms : plan.streams[stream].later)
        add(terms);
    return options;
}

}  // namespace

ArrivalTimes::Options whole_arrivals(const SyntheticPlan& plan, std::uint16_t stream) {
    return arrivals_of(plan, stream, &ArrivalTerms::whole);
}

ArrivalTimes::Options share_of_arrivals(const SyntheticPlan& plan, std::uint16_t stream, std::uint32_t gateway) {
    ArrivalTimes::Options share = arrivals_of(plan, stream, &ArrivalTerms::share);
    share.first_index = gateway;
    share.index_step = plan.gateways;
    return share;
}

std::uint64_t SyntheticSource::Head::stream_index() const {
    return id & ((std::uint64_t{1} << kStreamIndexBits) - 1);
}

bool SyntheticSource::comes_later(const Head& a, const Head& b) {
    if (a.arrival != b.arrival) return a.arrival > b.arrival;
    return a.id > b.id;
}

SyntheticSource::SyntheticSource(const SyntheticPlan& plan, std::vector<ArrivalDeal>& deals, std::uint32_t gateway)
    : plan_(plan), deals_(deals), gateway_(gateway), taken_(plan.streams.size(), 0) {
    for (std::uint16_t stream = 0; stream < plan_.stream_count(); ++stream) {
        shares_.emplace_back(share_of_arrivals(plan_, stream, gateway_));
        splits_freely_.push_back(plan_.streams[stream].arrivals.whole->splits_freely());
        if (!splits_freely_[stream]) deals_[stream].serve(gateway_);
    }
}

SimTime SyntheticSource::next_arrival(std::uint16_t stream) {
    if (!splits_freely_[stream]) return deals_[stream].take(gateway_);
    return shares_[stream].advance() ? shares_[stream].arrival() : SimTime::never();
}

void SyntheticSource::start() {
    has_started_ = true;
    for (std::uint16_t stream = 0; stream < plan_.stream_count(); ++stream) {
        const SimTime arrival = next_arrival(stream);
        if (arrival.is_never()) continue;
        heads_.push_back({arrival, stream, first_id(plan_.ids[stream]) + taken_[stream] * plan_.gateways + gateway_});
    }
    std::make_heap(heads_.begin(), heads_.end(), comes_later);
}

std::optional<SyntheticSource::Head> SyntheticSource::take_first() {
    if (!has_started_) start();
    if (heads_.empty()) return std::nullopt;
    // Most scenarios have one stream, whose head is a heap by itself.
    const bool has_several = heads_.size() > 1;
    if (has_several) std::pop_heap(heads_.begin(), heads_.end(), comes_later);
    Head& last = heads_.back();
    const Head first = last;
    ++taken_[first.stream];
    last.arrival = next_arrival(first.stream);
    last.id += plan_.gateways;
    if (last.arrival.is_never())
        heads_.pop_back();
    else if (has_several)
        std::push_heap(heads_.begin(), heads_.end(), comes_later);
    return first;
}

std::optional<Request> SyntheticSource::next() {
    const auto head = take_first();
    if (!head) return std::nullopt;
    ++position_;
    const SyntheticStream& stream = plan_.streams[head->stream];
    const StreamId id = plan_.ids[head->stream];
    const auto uniform = [&](RandomPurpose purpose) {
        return uniform_open(plan_.seed, purpose, id.value(), head->stream_index());
    };
    const double of_prompt = uniform(RandomPurpose::PromptLength);
    Request request;
    request.id = RequestId(head->id);
    request.arrival = head->arrival;
    request.stream = id;
    if (stream.joint) {
        const Lengths lengths = stream.joint->at(head->stream_index(), of_prompt);
        request.prompt_tokens = lengths.prompt;
        request.output_tokens = lengths.output;
        return request;
    }
    double of_output = uniform(RandomPurpose::OutputLength);
    if (stream.correlation != 0) of_output = correlated(of_prompt, of_output, stream.correlation);
    request.prompt_tokens = static_cast<std::uint32_t>(stream.prompt->tokens(of_prompt));
    request.output_tokens = static_cast<std::uint32_t>(stream.output->tokens(of_output));
    return request;
}

void SyntheticSource::skip(std::uint64_t position) {
    REGATTA_CHECK(position_ == 0 && !has_started_, "requests are skipped before any are drawn");
    // How the skipped requests divide among the streams is found with a private deal of this gateway alone, so that
    // nothing piles up in the shared one for gateways that have not skipped yet.
    std::vector<ArrivalDeal> private_deals;
    for (std::uint16_t stream = 0; stream < plan_.stream_count(); ++stream)
        private_deals.emplace_back(whole_arrivals(plan_, stream), plan_.gateways);
    SyntheticSource scout(plan_, private_deals, gateway_);
    for (std::uint64_t i = 0; i < position; ++i)
        REGATTA_CHECK(scout.take_first(), fmt::format("gateway {} has only {} requests", gateway_, i));

    taken_ = scout.taken_;
    for (std::uint16_t stream = 0; stream < plan_.stream_count(); ++stream) {
        if (!splits_freely_[stream]) {
            deals_[stream].discard(gateway_, taken_[stream]);
            continue;
        }
        for (std::uint64_t i = 0; i < taken_[stream]; ++i)
            REGATTA_CHECK(shares_[stream].advance(), "the arrivals that were scouted");
    }
    position_ = position;
}

}  // namespace regatta::workload
