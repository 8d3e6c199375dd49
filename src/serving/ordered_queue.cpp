#include "serving/ordered_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::serving {

OrderedQueue::OrderedQueue(const QueueRules& rules, std::span<const StreamTerms> streams)
    : order_(rules.order), max_waiting_(rules.max_waiting), streams_(streams) {
    lines_.resize(std::max<std::size_t>(rules.class_limits.size(), 1));
    for (std::size_t line = 0; line < rules.class_limits.size(); ++line)
        lines_[line].limit = rules.class_limits[line];
}

std::uint16_t OrderedQueue::line_of(const Request& request) const {
    if (lines_.size() == 1) return 0;
    const std::uint16_t line = terms_of(request, streams_).service_class;
    REGATTA_CHECK(line < lines_.size(), fmt::format("class {} of {}", line, lines_.size()));
    return line;
}

QueueKey OrderedQueue::key_of(const Request& request) const {
    QueueKey key{.precedence = 0, .order = request.arrival.ns(), .id = request.id.value()};
    if (order_ == QueueOrder::Priority) key.precedence = terms_of(request, streams_).priority;
    if (order_ == QueueOrder::ShortestFirst) key.precedence = request.prompt_tokens;
    return key;
}

void OrderedQueue::push(std::uint32_t slot, const ServedRequest& served) {
    const bool is_new = served.scheduled.is_never();
    Entry entry{.key = key_of(served.request),
                .deadline = is_new && max_waiting_ ? served.received + *max_waiting_ : SimTime::never(),
                .slot = slot,
                .line = line_of(served.request)};
    if (order_ == QueueOrder::Fcfs) entry.key.order = is_new ? ++arrivals_ : --returners_;
    if (slot >= keys_.size()) keys_.resize(slot + std::size_t{1});
    keys_[slot] = entry.key;
    lines_[entry.line].waiting.insert(entry);
    if (!entry.deadline.is_never()) deadlines_.insert(entry);
}

const OrderedQueue::Entry* OrderedQueue::first_entry() const {
    const Entry* first = nullptr;
    for (const Line& line : lines_) {
        if (line.waiting.empty() || line.running >= line.limit) continue;
        const Entry& candidate = *line.waiting.begin();
        if (first == nullptr || candidate.key < first->key) first = &candidate;
    }
    return first;
}

std::optional<std::uint32_t> OrderedQueue::first() const {
    const Entry* entry = first_entry();
    return entry == nullptr ? std::nullopt : std::optional(entry->slot);
}

void OrderedQueue::admit_first() {
    const Entry* entry = first_entry();
    REGATTA_CHECK(entry != nullptr, "nobody who waits may run");
    if (!entry->deadline.is_never()) deadlines_.erase(*entry);
    Line& line = lines_[entry->line];
    line.waiting.erase(line.waiting.begin());
    ++line.running;
}

void OrderedQueue::stopped_running(const Request& request) {
    --lines_[line_of(request)].running;
}

void OrderedQueue::erase(std::uint32_t slot, const Request& request) {
    auto& waiting = lines_[line_of(request)].waiting;
    const auto found = waiting.find(Entry{.key = keys_.at(slot)});
    REGATTA_CHECK(found != waiting.end() && found->slot == slot, fmt::format("slot {} does not wait", slot));
    if (!found->deadline.is_never()) deadlines_.erase(*found);
    waiting.erase(found);
}

bool OrderedQueue::would_be_first(const Request& request) const {
    const Line& line = lines_[line_of(request)];
    if (line.running >= line.limit) return false;
    const Entry* first = first_entry();
    if (first == nullptr) return true;
    return order_ != QueueOrder::Fcfs && key_of(request) < first->key;
}

SimTime OrderedQueue::deadline() const {
    return deadlines_.empty() ? SimTime::never() : deadlines_.begin()->deadline;
}

std::optional<std::uint32_t> OrderedQueue::take_expired(SimTime now) {
    const SimTime at = deadline();
    REGATTA_CHECK(at >= now, fmt::format("the deadline of {} ns is looked at at {} ns", at.ns(), now.ns()));
    if (at != now) return std::nullopt;
    const Entry entry = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    lines_[entry.line].waiting.erase(entry);
    return entry.slot;
}

void OrderedQueue::save(OutArchive& archive) const {
    archive << arrivals_ << returners_ << deadlines_ << keys_;
    for (const Line& line : lines_)
        archive << line.running << line.waiting;
}

void OrderedQueue::load(InArchive& archive) {
    archive >> arrivals_ >> returners_ >> deadlines_ >> keys_;
    for (Line& line : lines_)
        archive >> line.running >> line.waiting;
}

}  // namespace regatta::serving
