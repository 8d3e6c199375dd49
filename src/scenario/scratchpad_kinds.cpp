#include "scenario/scratchpad_kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "regatta/base/errors.hpp"
#include "timing/scratchpad.hpp"

namespace regatta::scenario {
namespace {

class RooflineTimes final : public serving::ScratchpadTimes {
public:
    explicit RooflineTimes(const timing::ScratchpadRoofline& roofline) : roofline_(roofline) {}
    [[nodiscard]] double prefill_s(std::int64_t prompt_tokens) const override {
        return roofline_.prefill_s(prompt_tokens);
    }
    [[nodiscard]] double decode_s(std::int64_t context_tokens, std::int64_t sequences) const override {
        return roofline_.decode_s(context_tokens, sequences);
    }

private:
    timing::ScratchpadRoofline roofline_;
};

/// The type of so many bits, for what is counted of a run; times go by the bits.
llm::DataType nearest_type(double bits) {
    if (bits <= 4) return llm::DataType::Int4;
    return bits <= 8 ? llm::DataType::Int8 : llm::DataType::Fp16;
}

bool is_same(const Precision& a, const Precision& b) {
    return a.weight_bits == b.weight_bits && a.activation_bits == b.activation_bits && a.kv_bits == b.kv_bits;
}

}  // namespace

std::uint16_t ScratchpadKinds::model_index(const std::string& name) {
    const auto known = std::find(models_.begin(), models_.end(), name);
    const auto index = static_cast<std::uint16_t>(known - models_.begin());
    if (known == models_.end()) models_.push_back(name);
    return index;
}

std::vector<std::uint16_t> ScratchpadKinds::of_model(const std::string& name) const {
    std::vector<std::uint16_t> pools;
    for (std::size_t i = 0; i < kinds_.size(); ++i)
        if (kinds_[i].model == name) pools.push_back(static_cast<std::uint16_t>(i));
    return pools;
}

std::string ScratchpadKinds::problem_with(const std::string& gpu, const std::string& model) {
    const auto& gpus = catalogue_.gpus();
    if (entry_of(gpus, gpu) == nullptr)
        return fmt::format("no GPU \"{}\" in the catalogue; `regatta catalog hardware` lists all {}{}", gpu,
                           gpus.size(), did_you_mean(gpu, names_of(gpus)));
    const auto& models = catalogue_.models();
    const auto* found = entry_of(models, model);
    if (found == nullptr)
        return fmt::format("no model \"{}\" in the catalogue; `regatta catalog models` lists all {}{}", model,
                           models.size(), did_you_mean(model, names_of(models)));
    const std::string_view unknown = timing::unknown_to_scratchpad(found->facts);
    return unknown.empty() ? "" : fmt::format("{} has {}, which Scratchpad's roofline does not know", model, unknown);
}

std::uint16_t ScratchpadKinds::add(const std::string& gpu, const std::string& model, const Precision& precision,
                                   const std::string& file) {
    const std::string problem = problem_with(gpu, model);
    if (problem.empty()) return make(gpu, model, precision);
    if (std::find(told_.begin(), told_.end(), problem) == told_.end())
        problems_.add_told(fmt::format("{}: {}", file, problem));
    told_.push_back(problem);
    return 0;
}

std::uint16_t ScratchpadKinds::add(const std::string& gpu, const std::string& model, const Precision& precision,
                                   const Place& place, const std::string& path) {
    const std::string problem = problem_with(gpu, model);
    if (problem.empty()) return make(gpu, model, precision);
    problems_.add(place, path, problem);
    return 0;
}

std::uint16_t ScratchpadKinds::make(const std::string& gpu, const std::string& model, const Precision& precision) {
    for (std::size_t i = 0; i < kinds_.size(); ++i)
        if (kinds_[i].gpu == gpu && kinds_[i].model == model && is_same(kinds_[i].precision, precision))
            return static_cast<std::uint16_t>(i);
    bool is_lone = true;  // of its GPU and model
    for (const Kind& kind : kinds_)
        is_lone = is_lone && !(kind.gpu == gpu && kind.model == model);
    Pool pool;
    pool.name = fmt::format("{} {}", gpu, model);
    if (!is_lone)
        pool.name += fmt::format(" {}/{}/{}", precision.weight_bits, precision.activation_bits, precision.kv_bits);
    pool.gpu = entry_of(catalogue_.gpus(), gpu)->facts;
    pool.model = entry_of(catalogue_.models(), model)->facts;
    pool.weight_type = nearest_type(precision.weight_bits);
    pool.kv_type = nearest_type(precision.kv_bits);
    const bool is_int8 = std::max({precision.weight_bits, precision.activation_bits, precision.kv_bits}) <= 8;
    pool.activation_type = is_int8 && pool.gpu.int8_ops_per_s > 0 ? llm::DataType::Int8
                           : pool.gpu.fp16_flops_per_s > 0        ? llm::DataType::Fp16
                                                                  : llm::DataType::Bf16;
    pool.nodes = 0;
    pool.gpus_per_node = 1;
    pool.block_tokens = serving::ScratchpadEngine::kBlockTokens;
    const timing::ScratchpadRoofline roofline(timing::scratchpad_model(pool.model),
                                              timing::scratchpad_hardware(pool.gpu), precision);
    pool.replica_kv_blocks = roofline.planned_blocks();
    pool.max_context_tokens = pool.model.max_context_tokens;
    pool.scheduler.name = "scratchpad";
    pool.timing.name = "scratchpad";
    pool.step_time = std::make_shared<timing::ScratchpadStepTime>(roofline, 1);
    fleet_.kinds.push_back({std::make_shared<RooflineTimes>(roofline), pool.replica_kv_blocks, model_index(model)});
    scenario_.pools.push_back(std::move(pool));
    kinds_.push_back({gpu, model, precision});
    return static_cast<std::uint16_t>(kinds_.size() - 1);
}

}  // namespace regatta::scenario
