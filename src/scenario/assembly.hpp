#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "regatta/scenario/registries.hpp"
#include "scenario/catalogue.hpp"
#include "scenario/input_files.hpp"
#include "scenario/reading.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// Whether so many GPUs can share the heads evenly: query heads are split, KV heads, too, or each is copied to equally
/// many GPUs.
[[nodiscard]] bool splits_heads(const llm::Model& model, std::int64_t tp);

/// Of all pools together, and of all changes of a timeline: what is known of each takes a rank some hundred bytes.
inline constexpr std::uint64_t kMostReplicas = 10'000'000;

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
    void assemble_routing();
    void assemble_output(const Reading& output);
    void check_times();
    [[nodiscard]] std::string locate(const std::string& path, const Place& place) const;
    void with_place(const PolicyReading& policy, const std::function<void()>& make);
    /// Turns the files that the policy's parameters name into absolute paths; false after telling of those that cannot
    /// be read.
    [[nodiscard]] bool find_files(PolicyReading& policy, const std::vector<Parameter>& declared);
    [[nodiscard]] static PolicyChoice choice_of(const PolicyReading& policy) {
        return {policy.name, policy.parameters};
    }
    [[nodiscard]] Targets targets_of(const Reading& targets, const Targets& otherwise) const;

    // assembly_pools.cpp
    void assemble_pools();
    void assemble_pool(Reading& reading, std::size_t index);
    [[nodiscard]] bool find_gpus(Reading& reading, Pool& pool);
    void choose_activations(Reading& reading, Pool& pool);
    void choose_power(Reading& reading, Pool& pool);
    void check_layout(const Reading& reading, const Pool& pool);
    void check_pipeline(const Reading& reading, const Pool& pool);
    void check_memory(Reading& reading, Pool& pool);
    void make_step_time(PolicyReading& timing, Pool& pool);

    // assembly_servers.cpp
    void assemble_servers();
    void find_server_facts(Reading& reading, const std::string& gpu, ServerFacts& facts);
    [[nodiscard]] bool place_on_servers(Reading& reading, Pool& pool);

    // assembly_changes.cpp
    void assemble_changes();
    void assemble_starts(std::vector<Reading>& readings);
    [[nodiscard]] bool take_gpus(const Pool& pool, std::uint32_t replica, std::vector<bool>& taken) const;
    void assemble_timeline(std::vector<Reading>& readings);
    [[nodiscard]] bool shares_gpus(const Pool& pool) const;
    void check_hardware();
    void assemble_update(const Reading& reading);
    void assemble_autoscale(Reading& reading, std::size_t index);
    void assemble_reprovision(PolicyReading& reading);
    void assemble_unserved();
    void check_unserved();

    // assembly_failures.cpp
    [[nodiscard]] std::optional<std::uint16_t> pool_named(const Reading& reading);
    void assemble_failures(Reading& reading);
    void assemble_outage(const Reading& reading);

    // assembly_speculation.cpp
    [[nodiscard]] bool read_speculation(const PolicyReading& reading, Pool& pool);
    void find_draft(const Parameters& values, Pool& pool);
    void add_proposer(const PolicyReading& reading, Pool& pool);

    // assembly_pools.cpp
    [[nodiscard]] std::vector<std::string> classes_read() const;

    // assembly_names.cpp: what the names of models, GPUs and node types mean; false after telling what is wrong
    void add_catalogues();
    [[nodiscard]] bool find_model(Reading& reading, llm::Model& model);
    [[nodiscard]] bool find_gpu(Reading& reading, hardware::Gpu& gpu);
    [[nodiscard]] bool find_node(Reading& reading, Pool& pool);
    /// The file that a `{name, file}` names, from where it is read; none after telling, at the key, that it cannot be.
    [[nodiscard]] std::optional<std::string> file_of(Reading& reading, const std::string& key_path);
    template <class Facts>
    [[nodiscard]] bool find_entry(const Reading& reading, const std::string& path, const Catalogue<Facts>& catalogue,
                                  const std::string& file, Facts& facts);

    // assembly_workload.cpp
    void assemble_workload();
    void assemble_lone_trace(Reading& reading);
    [[nodiscard]] workload::TraceInput trace_of(Reading& reading, const std::optional<std::uint64_t>& limit);
    void assemble_streams(Reading& reading);
    void assemble_stream(Reading& reading, Stream& stream);
    void assemble_made_up(Reading& reading, Stream& stream);
    void assemble_admission();
    void assemble_arrivals(Reading& reading, Stream& stream);
    void assemble_timeout(const Reading& reading, Stream& stream);
    void refuse_key(const Reading& reading, const char* key, const char* instead);
    void refuse_trace_keys(const Reading& reading, const char* instead_of_scale);
    /// The pools that serve a stream or trace, rising; empty after telling why there are none.
    [[nodiscard]] std::vector<std::uint16_t> pools_for(Reading& reading);
    [[nodiscard]] bool is_called(const Pool& pool, const std::string& name);
    [[nodiscard]] std::vector<std::uint16_t> pools_by_name(const Reading& reading);
    [[nodiscard]] std::vector<std::uint16_t> pools_by_model(const Reading& reading);

    // assembly_lengths.cpp
    /// The file that a section names and that is read later; tells when it cannot be.
    [[nodiscard]] std::string probed_file(Reading& reading);
    void assemble_arrival_times(Reading& reading, Stream& stream);
    void assemble_lengths(Reading& reading, Stream& stream);
    [[nodiscard]] std::pair<PolicyChoice, std::int64_t> distribution_of(const PolicyReading& policy);
    [[nodiscard]] std::int64_t assemble_own_lengths(Reading& reading, Stream& stream);
    void assemble_recorded_lengths(Reading& reading, Stream& stream);
    void check_least_tokens(const Reading& reading, const Stream& stream, std::int64_t least_tokens);

    // assembly_rate.cpp
    void assemble_rate(Reading& rate, Stream& stream);
    [[nodiscard]] std::string form_of_rate(const Reading& rate);
    [[nodiscard]] std::optional<workload::RateCurve> read_rate_file(Reading& rate);

    Reading& root_;
    const Registries& registries_;
    std::string scenario_path_;
    InputFiles& files_;
    Problems& problems_;
    Scenario scenario_;
    CatalogueSet catalogue_;
    std::vector<bool> sound_pools_;  ///< element i: scenario_.pools[i] is whole
};

}  // namespace regatta::scenario
