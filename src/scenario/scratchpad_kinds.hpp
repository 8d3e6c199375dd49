#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/scratchpad_fleet.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/scenario.hpp"
#include "timing/scratchpad_roofline.hpp"

namespace regatta::scenario {

using Precision = timing::ScratchpadPrecision;

/// The kinds of engines of a scenario under `compat: scratchpad`: GPU, model and precision, each with its step times,
/// its KV blocks and its pool.
class ScratchpadKinds {
public:
    struct Kind {
        std::string gpu;
        std::string model;
        Precision precision;
    };

    /// What is added goes to `scenario` and `fleet`, too; all must outlive it.
    ScratchpadKinds(CatalogueSet& catalogue, Problems& problems, Scenario& scenario, control::ScratchpadFleet& fleet)
        : catalogue_(catalogue), problems_(problems), scenario_(scenario), fleet_(fleet) {}

    /// Models are told apart by the names that the files give them. One that is new gets the next number.
    [[nodiscard]] std::uint16_t model_index(const std::string& name);
    [[nodiscard]] const std::vector<std::string>& models() const { return models_; }
    [[nodiscard]] const std::vector<Kind>& kinds() const { return kinds_; }
    /// Pools of a model, rising.
    [[nodiscard]] std::vector<std::uint16_t> of_model(const std::string& name) const;

    /// The kind's number, new or known; of no use when a problem was added, with the file's name for a place.
    std::uint16_t add(const std::string& gpu, const std::string& model, const Precision& precision,
                      const std::string& file);
    /// Likewise, for a key of the scenario.
    std::uint16_t add(const std::string& gpu, const std::string& model, const Precision& precision, const Place& place,
                      const std::string& path);

private:
    /// Empty when both are known, and the model is one that the roofline can compute.
    [[nodiscard]] std::string problem_with(const std::string& gpu, const std::string& model);
    [[nodiscard]] std::uint16_t make(const std::string& gpu, const std::string& model, const Precision& precision);

    CatalogueSet& catalogue_;
    Problems& problems_;
    Scenario& scenario_;
    control::ScratchpadFleet& fleet_;
    std::vector<std::string> models_;
    std::vector<Kind> kinds_;
    std::vector<std::string> told_;  ///< problems, each once
};

}  // namespace regatta::scenario
