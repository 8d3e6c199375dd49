#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenario/catalogue.hpp"
#include "scenario/input_files.hpp"
#include "scenario/reading.hpp"
#include "scenario/registries.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// Turns what was read into the typed scenario. Here live the checks that look at several keys at once; a part whose
/// own keys are wrong is left out of them, for that has been told. What follows from other keys (a pool's name, the
/// latency of its tier) is written back into the reading, so that the resolved text shows it.
class Assembly {
public:
    Assembly(Reading& root, const Registries& registries, std::string scenario_path, std::string catalogue_directory,
             InputFiles& files, Problems& problems);

    /// Complete when nothing was added to the problems.
    [[nodiscard]] Scenario assemble();

private:
    // assembly.cpp
    void assemble_general();
    void check_times();
    [[nodiscard]] std::string locate(const std::string& path, const Place& place) const;
    void with_place(const PolicyReading& policy, const std::function<void()>& make);
    [[nodiscard]] static PolicyChoice choice_of(const PolicyReading& policy) {
        return {policy.name, policy.parameters};
    }
    [[nodiscard]] Targets targets_of(const Reading& targets, const Targets& otherwise) const;

    // assembly_pools.cpp
    void assemble_pools();
    void assemble_pool(Reading& reading, std::size_t index);
    void check_layout(const Reading& reading, const Pool& pool);
    void check_memory(const Reading& reading, Pool& pool);
    template <class Facts, class Reader>
    [[nodiscard]] bool find_facts(Reading& reading, const std::string& what, Reader read_file, Facts& facts);

    // assembly_workload.cpp
    void assemble_workload();
    void assemble_trace(Reading& reading);
    void assemble_streams(Reading& reading);
    void assemble_stream(Reading& reading, std::size_t index);
    void assemble_lengths(const Reading& reading, Stream& stream, bool is_pool_sound);
    void assemble_arrivals(const Reading& reading, Stream& stream);
    void refuse_trace_keys(const Reading& reading);
    /// The pool that serves a stream or trace, or none after telling why.
    [[nodiscard]] std::optional<std::uint16_t> pool_for(Reading& reading);
    [[nodiscard]] std::optional<std::uint16_t> pool_by_name(const Reading& reading);
    [[nodiscard]] std::optional<std::uint16_t> pool_by_model(const Reading& reading);

    Reading& root_;
    const Registries& registries_;
    std::string scenario_path_;
    std::string catalogue_directory_;
    InputFiles& files_;
    Problems& problems_;
    Scenario scenario_;
    std::vector<bool> sound_pools_;                         ///< element i: scenario_.pools[i] is whole
    std::map<std::string, Catalogue<hardware::Gpu>> gpus_;  ///< by file
    std::map<std::string, Catalogue<llm::Model>> models_;   ///< by file
};

}  // namespace regatta::scenario
