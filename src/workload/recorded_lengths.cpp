#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "regatta/base/errors.hpp"
#include "regatta/base/random.hpp"
#include "workload/csv_rows.hpp"
#include "workload/joint_lengths.hpp"
#include "workload/trace_rows.hpp"
#include "workload/trace_values.hpp"

namespace regatta::workload {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kColumns = {
    {{"num_prefill_tokens", "num_decode_tokens"},
     {"ContextTokens", "GeneratedTokens"},
     {"input_tokens", "output_tokens"}}};

class LengthFile {
public:
    explicit LengthFile(const RecordedLengthsInput& input) : input_(input), rows_(input.path) {}

    std::vector<Lengths> read() {
        find_columns();
        std::vector<Lengths> lengths;
        while (rows_.next()) {
            if (rows_.fields().size() != fields_)
                fail(fmt::format("expected {} fields as in the header, found {}", fields_, rows_.fields().size()));
            // Scaled lengths are cut to whole tokens, as Vidur does.
            const auto prompt = static_cast<std::int64_t>(tokens(prompt_) * input_.prompt_scale);
            const auto output = static_cast<std::int64_t>(tokens(output_) * input_.output_scale);
            lengths.push_back(cut_in_proportion(prompt, output, input_.max_tokens.value_or(2 * kMostTraceTokens)));
        }
        if (lengths.empty()) throw InputError(fmt::format("{}: the file has a header and no lengths", input_.path));
        return lengths;
    }

private:
    void find_columns() {
        const bool has_header = rows_.next();
        const auto names = rows_.fields();
        fields_ = has_header ? names.size() : 0;
        const auto place_of = [&](std::string_view name) {
            return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
        };
        std::vector<std::string> known;
        for (const auto& [prompt, output] : kColumns) {
            prompt_ = has_header ? place_of(prompt) : 0;
            output_ = has_header ? place_of(output) : 0;
            if (prompt_ < fields_ && output_ < fields_) return;
            known.push_back(fmt::format("{} and {}", prompt, output));
        }
        if (!has_header)
            throw InputError(fmt::format("{}: the file is empty; expected a header with {}", input_.path,
                                         fmt::join(known, ", or ")));
        fail(fmt::format("unknown columns: {}; expected {}", shown(fmt::format("{}", fmt::join(names, ","))),
                         fmt::join(known, ", or ")));
    }

    double tokens(std::size_t column) const {
        const std::string_view text = rows_.fields()[column];
        const auto value = parse_handle(text);
        if (!value || *value > static_cast<std::uint64_t>(kMostTraceTokens))
            fail(fmt::format("expected a whole number from 0 to {}, found \"{}\"", kMostTraceTokens, shown(text)));
        return static_cast<double>(*value);
    }

    [[noreturn]] void fail(const std::string& problem) const {
        throw InputError(fmt::format("{}:{}: {}", input_.path, rows_.line(), problem));
    }

    const RecordedLengthsInput& input_;
    CsvRows rows_;
    std::size_t fields_ = 0;
    std::size_t prompt_ = 0;
    std::size_t output_ = 0;
};

class Recorded final : public JointLengths {
public:
    explicit Recorded(std::vector<Lengths> rows) : rows_(std::move(rows)) {}
    Lengths at(std::uint64_t index, double /*uniform*/) const override { return rows_[index % rows_.size()]; }

private:
    std::vector<Lengths> rows_;
};

}  // namespace

std::vector<Lengths> read_lengths(const RecordedLengthsInput& input) {
    return LengthFile(input).read();
}

std::unique_ptr<JointLengths> recorded_lengths(const RecordedLengthsInput& input, std::uint64_t seed, StreamId stream) {
    std::vector<Lengths> rows = read_lengths(input);
    // Fisher and Yates, from the back; Durstenfeld, CACM 7(7), 1964, algorithm 235.
    for (std::size_t i = rows.size(); input.is_shuffled && i > 1; --i) {
        const std::uint64_t bits = random_bits(seed, RandomPurpose::Shuffle, stream.value(), i);
        std::swap(rows[i - 1], rows[uniform_below(i, bits)]);
    }
    return std::make_unique<Recorded>(std::move(rows));
}

}  // namespace regatta::workload
