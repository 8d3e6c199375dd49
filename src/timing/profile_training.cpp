#include "timing/profile_training.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "timing/profile_cache.hpp"

namespace regatta::timing {
namespace {

using RunBytes = std::array<char, sizeof(OpTable::Run)>;
static_assert(sizeof(OpTable::Run) == 32, "runs are kept as they lie in memory");

std::string bytes_of(const OpTable& table) {
    std::string bytes;
    for (const OpTable::Run& run : table.runs()) {
        const auto raw = std::bit_cast<RunBytes>(run);
        bytes.append(raw.begin(), raw.end());
    }
    return bytes;
}

OpTable table_from(const std::string& bytes, OpTable::Growth growth) {
    std::vector<OpTable::Run> runs(bytes.size() / sizeof(OpTable::Run));
    REGATTA_CHECK(!runs.empty() && runs.size() * sizeof(OpTable::Run) == bytes.size(), "a table of odd length");
    std::memcpy(runs.data(), bytes.data(), bytes.size());
    return OpTable(runs, growth);
}

}  // namespace

std::string ProfileTraining::key_of(std::string_view op) const {
    const auto found = data.find(op);
    REGATTA_CHECK(found != data.end(), "an operator without samples");
    std::string numbers;
    for (const ProfileSample& sample : found->second) {
        const auto raw = std::bit_cast<std::array<char, sizeof(ProfileSample)>>(sample);
        numbers.append(raw.begin(), raw.end());
    }
    std::string key = fmt::format("op {}\ngrid {}\nsamples {} {}\nfolds {}\n", op, grid_of(op, limits).text(),
                                  found->second.size(), digest_of(numbers), search.folds);
    for (const ProfileFit& fit : search.candidates())
        key += fit.text() + "\n";
    return key;
}

OpTables ProfileTraining::tables(WorkSharing& work) const {
    // Those with the most samples first: then the hands are done at about the same time.
    std::vector<std::string> ops;
    for (const auto& [op, samples] : data)
        ops.push_back(op);
    std::stable_sort(ops.begin(), ops.end(), [&](const std::string& left, const std::string& right) {
        return data.find(left)->second.size() > data.find(right)->second.size();
    });
    // Interpolating takes less time than reading a file.
    const ProfileCache cache(search.kind == ProfileFit::Kind::Interpolate ? std::string() : work.cache_directory());
    const std::vector<std::string> done = work.share(ops.size(), [&](std::size_t task) {
        const std::string& op = ops[task];
        const std::string key = key_of(op);
        if (auto kept = cache.find(op, key)) return *std::move(kept);
        const ProfileSamples& samples = data.find(op)->second;
        const auto predictor = fitted(best_fit(search, samples), samples);
        std::string bytes = bytes_of(tabulated(*predictor, grid_of(op, limits), growth_of(op)));
        cache.keep(op, key, bytes);
        return bytes;
    });
    OpTables tables;
    for (std::size_t task = 0; task < ops.size(); ++task)
        tables.emplace(ops[task], table_from(done[task], growth_of(ops[task])));
    return tables;
}

}  // namespace regatta::timing
