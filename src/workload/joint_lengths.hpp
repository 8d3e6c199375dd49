#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/workload/registry.hpp"

namespace regatta::workload {

/// Of one request, each at least 1 [tokens].
struct Lengths {
    std::uint32_t prompt = 1;
    std::uint32_t output = 1;
    friend bool operator==(const Lengths&, const Lengths&) = default;
};

/// Prompt and answer that come out of one thing.
class JointLengths {
public:
    virtual ~JointLengths() = default;
    /// Of the stream's request `index`, from a uniform number in (0, 1).
    [[nodiscard]] virtual Lengths at(std::uint64_t index, double uniform) const = 0;
};

/// A total from a distribution, of which the prompt takes `prompt_to_output` times what the answer takes.
struct SplitOptions {
    double prompt_to_output = 1;  ///< at least 0
    /// An answer takes a token of which its share is only the beginning, as if totals were spread evenly up to the next
    /// whole one; else it does not, and neither does the prompt: a token is lost.
    bool rounds_up = false;
};
[[nodiscard]] std::unique_ptr<JointLengths> split_total(std::shared_ptr<const LengthDistribution> total,
                                                        const SplitOptions& options);

/// Lengths as a file has them.
struct RecordedLengthsInput {
    std::string path;
    double prompt_scale = 1;
    double output_scale = 1;
    std::optional<std::int64_t> max_tokens = {};  ///< longer requests lose tokens of both, in proportion; at least 2
    bool is_shuffled = true;
};
/// The file's rows, scaled and cut, in its order. Columns are known by their names: num_prefill_tokens and
/// num_decode_tokens, ContextTokens and GeneratedTokens, or input_tokens and output_tokens. Throws InputError.
[[nodiscard]] std::vector<Lengths> read_lengths(const RecordedLengthsInput& input);
/// Request i has row i, or where they are shuffled row p(i) of a permutation that seed and stream decide; after the
/// last row it goes on with the first.
[[nodiscard]] std::unique_ptr<JointLengths> recorded_lengths(const RecordedLengthsInput& input, std::uint64_t seed,
                                                             StreamId stream);

/// Cuts a request to `max_tokens` >= 2 in all: prompt and answer lose in proportion, rounded up, and keep at least 1.
[[nodiscard]] Lengths cut_in_proportion(std::int64_t prompt, std::int64_t output, std::int64_t max_tokens);
/// Cuts a request to `max_tokens` >= 2 in all: the prompt loses first and keeps 1.
[[nodiscard]] Lengths cut_prompt(std::int64_t prompt, std::int64_t output, std::int64_t max_tokens);

}  // namespace regatta::workload
