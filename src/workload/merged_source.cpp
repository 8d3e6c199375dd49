#include "workload/merged_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "regatta/base/errors.hpp"

namespace regatta::workload {

bool MergedSource::comes_later(const Head& a, const Head& b) {
    return std::tie(a.request.arrival, a.request.id) > std::tie(b.request.arrival, b.request.id);
}

void MergedSource::add_head(std::size_t part) {
    const auto request = parts_[part]->next();
    if (!request) return;
    heads_.push_back({.request = *request, .part = part});
    std::push_heap(heads_.begin(), heads_.end(), comes_later);
}

std::optional<Request> MergedSource::next() {
    if (!has_started_) {
        has_started_ = true;
        for (std::size_t part = 0; part < parts_.size(); ++part)
            add_head(part);
    }
    if (heads_.empty()) return std::nullopt;
    std::pop_heap(heads_.begin(), heads_.end(), comes_later);
    const Head first = heads_.back();
    heads_.pop_back();
    add_head(first.part);
    ++taken_[first.part];
    ++position_;
    return first.request;
}

void MergedSource::skip(std::uint64_t position) {
    REGATTA_CHECK(position_ == 0 && !has_started_, "requests are skipped before any are drawn");
    const std::unique_ptr<MergedSource> scout = make_again_();
    for (std::uint64_t i = 0; i < position; ++i)
        REGATTA_CHECK(scout->next(), fmt::format("the gateway has only {} requests", i));
    taken_ = scout->taken_;
    for (std::size_t part = 0; part < parts_.size(); ++part)
        parts_[part]->skip(taken_[part]);
    position_ = position;
}

}  // namespace regatta::workload
