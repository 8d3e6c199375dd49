#include <algorithm>
#include <cmath>
#include <utility>

#include "workload/joint_lengths.hpp"

namespace regatta::workload {
namespace {

/// Lengths of a file, scaled by a thousand, have products that 64 bits do not hold.
__extension__ typedef __int128 Wide;

std::uint32_t at_least_one(double tokens) {
    return static_cast<std::uint32_t>(std::max(1.0, tokens));
}

class SplitTotal final : public JointLengths {
public:
    SplitTotal(std::shared_ptr<const LengthDistribution> total, const SplitOptions& options)
        : total_(std::move(total)), options_(options) {}

    Lengths at(std::uint64_t /*index*/, double uniform) const override {
        const auto total = static_cast<double>(total_->tokens(uniform));
        const double parts = 1 + options_.prompt_to_output;
        // A total spread evenly over [n, n + 1) begins, on average over the spread and for whole `parts` always, as
        // many tokens of an answer as n + 1/2 does.
        const double output = options_.rounds_up ? std::ceil((total + 0.5) / parts) : std::floor(total / parts);
        const double prompt = options_.rounds_up ? total - output : std::floor(total - total / parts);
        return {.prompt = at_least_one(prompt), .output = at_least_one(output)};
    }

private:
    std::shared_ptr<const LengthDistribution> total_;
    SplitOptions options_;
};

}  // namespace

std::unique_ptr<JointLengths> split_total(std::shared_ptr<const LengthDistribution> total,
                                          const SplitOptions& options) {
    return std::make_unique<SplitTotal>(std::move(total), options);
}

Lengths cut_in_proportion(std::int64_t prompt, std::int64_t output, std::int64_t max_tokens) {
    const std::int64_t total = prompt + output;
    const std::int64_t over = std::max<std::int64_t>(0, total - max_tokens);
    if (over > 0) {
        const auto part = [&](std::int64_t tokens) {
            return static_cast<std::int64_t>((Wide{over} * tokens + total - 1) / total);
        };
        const std::int64_t of_prompt = part(prompt);
        output -= part(output);
        prompt -= of_prompt;
    }
    prompt = std::max<std::int64_t>(1, prompt);
    output = std::max<std::int64_t>(1, output);
    // Whoever was raised to 1 made the other one too long.
    if (prompt + output > max_tokens) (prompt > output ? prompt : output) = max_tokens - 1;
    return {.prompt = static_cast<std::uint32_t>(prompt), .output = static_cast<std::uint32_t>(output)};
}

Lengths cut_prompt(std::int64_t prompt, std::int64_t output, std::int64_t max_tokens) {
    prompt = std::max<std::int64_t>(1, prompt);
    output = std::min(std::max<std::int64_t>(1, output), max_tokens - 1);
    prompt = std::min(prompt, max_tokens - output);
    return {.prompt = static_cast<std::uint32_t>(prompt), .output = static_cast<std::uint32_t>(output)};
}

}  // namespace regatta::workload
