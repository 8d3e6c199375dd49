#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "workload/request_source.hpp"

namespace regatta::workload {

/// Several sources of one gateway as one, in order of (arrival, id). Each gives its own in that order.
class MergedSource final : public RequestSource {
public:
    using Parts = std::vector<std::unique_ptr<RequestSource>>;
    /// `make_again` makes the same parts apart from everything else: how requests that are skipped divide among the
    /// parts is found with them.
    MergedSource(Parts parts, std::function<std::unique_ptr<MergedSource>()> make_again)
        : make_again_(std::move(make_again)), parts_(std::move(parts)), taken_(parts_.size(), 0) {}

    [[nodiscard]] std::optional<Request> next() override;
    [[nodiscard]] std::uint64_t position() const override { return position_; }
    void skip(std::uint64_t position) override;

private:
    // The next request of a part. The first of all is on top of the heap.
    struct Head {
        Request request;
        std::size_t part = 0;
    };
    static bool comes_later(const Head& a, const Head& b);
    void add_head(std::size_t part);

    std::function<std::unique_ptr<MergedSource>()> make_again_;  // may own what the parts draw from
    Parts parts_;
    std::vector<std::uint64_t> taken_;  // by part: requests given or skipped
    std::vector<Head> heads_;
    bool has_started_ = false;
    std::uint64_t position_ = 0;
};

}  // namespace regatta::workload
