#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scenario/catalogue.hpp"
#include "scenario/document.hpp"
#include "scenario/native_types.hpp"
#include "scenario/scratchpad_files.hpp"

namespace regatta::scenario {

/// Turns environments, engines and environment changes of the Scratchpad simulator into servers, pools and a timeline
/// of Regatta's own. What cannot be is added to the problems; what is left out or differs from what a file says is a
/// note.
class NativeFleet {
public:
    /// Where a problem is told: by the key of the scenario, or as a line that names the file.
    struct Origin {
        std::string file;  ///< with what in it: "env.json: gpus[0]"; empty: `place` and `path`
        Place place = {};
        std::string path = {};
    };

    /// `step_tokens`: most tokens of a step of the scheduler that the pools get.
    NativeFleet(CatalogueSet& catalogue, Problems& problems, std::int64_t step_tokens)
        : catalogue_(catalogue), problems_(problems), step_tokens_(step_tokens) {}

    /// `models` are those that are asked for, in order of appearance, as they are called there; of the older list of
    /// GPUs each entry has its own.
    void add_environment(const std::string& path, const ScratchpadEnvironment& environment,
                         const std::vector<std::string>& models, const Bits& bits);
    void add_engines(const std::string& gpu, const std::string& model, std::int64_t count, const Bits& bits,
                     const Origin& origin);
    /// After all others.
    void add_changes(const std::string& path, const std::vector<ScratchpadEnvironmentChange>& changes);

    /// Whether some pool serves a model of this name.
    [[nodiscard]] bool serves(const std::string& model);
    /// Keys of `fleet`, as YAML with comments, indented by two.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    struct Kind {
        hardware::Gpu gpu;
        std::uint32_t count = 0;
    };
    struct Servers {
        std::string name;
        std::vector<Kind> kinds;
        std::vector<std::uint32_t> ids;  ///< of their nodes
        std::int64_t count = 0;
        std::string comment;
    };
    struct Pool {
        std::string name;
        llm::Model model;
        hardware::Gpu gpu;
        std::int64_t tensor_parallel = 1;
        NativeTypes types;
        std::optional<std::size_t> servers;
        std::int64_t nodes = 0;  ///< when it has its own
        std::int64_t start = 0;  ///< on servers
        std::int64_t now = 0;    ///< replicas that have their hardware, as changes are read
    };
    struct Change {
        double at_s = 0;
        std::size_t pool = 0;
        std::int64_t replicas = 0;
    };
    /// A layout that fits, or what a GPU would need.
    struct Fit {
        std::int64_t tensor_parallel = 0;  ///< 0: none fits
        std::string why;
    };
    struct Asked {
        std::string name;
        llm::Model model;
        bool is_held = false;
        std::vector<std::string> reasons;  ///< why not, by kind of GPU
    };

    /// What a part of the catalogue is called.
    struct PartName {
        const char* noun = "";
        const char* list = "";  ///< in `regatta catalog`
    };
    /// Null after telling that there is no such entry.
    template <class Facts>
    [[nodiscard]] const Facts* find(const Catalogue<Facts>& entries, const std::string& name, const Origin& origin,
                                    const PartName& part);
    [[nodiscard]] const hardware::Gpu* find_gpu(const std::string& name, const Origin& origin);
    [[nodiscard]] const llm::Model* find_model(const std::string& name, const Origin& origin);
    void tell(const Origin& origin, const std::string& key, const std::string& what);
    void note(const std::string& text);
    [[nodiscard]] std::optional<NativeTypes> types_of(const hardware::Gpu& gpu, const Bits& bits, const Origin& origin);
    /// The fewest GPUs whose KV cache holds one sequence of the model's whole context, as vLLM demands at its start;
    /// where none does, those with the most KV blocks.
    [[nodiscard]] Fit fit(const hardware::Gpu& gpu, const llm::Model& model, const NativeTypes& types,
                          std::int64_t most_gpus, bool must_divide) const;
    void add_nodes(const std::string& path, const ScratchpadEnvironment& environment);
    void check_memory(const std::string& path, const ScratchpadEnvironment& environment);
    void add_listed(const ScratchpadEnvironment::Node& entry, std::size_t index, const std::string& path,
                    bool preloads);
    void add_pools_on(std::size_t servers, const Kind& kind, std::vector<Asked>& asked, const Bits& bits, bool preloads,
                      const Origin& origin);
    void share_out(std::vector<Pool>& pools, const Servers& servers, const Kind& kind) const;
    [[nodiscard]] std::optional<std::size_t> pool_for_more(const std::string& gpu, const Origin& origin);
    void add_change(const ScratchpadEnvironmentChange& change, const Origin& origin);
    void take_away(const ScratchpadEnvironmentChange& change, const hardware::Gpu& gpu, const Origin& origin);
    [[nodiscard]] bool is_shared(const Pool& pool) const;
    [[nodiscard]] std::string free_name(const std::string& name) const;
    [[nodiscard]] std::string rates_text() const;

    CatalogueSet& catalogue_;
    Problems& problems_;
    std::int64_t step_tokens_;
    std::vector<Servers> servers_;
    std::vector<Pool> pools_;
    std::vector<Change> changes_;
    std::vector<std::string> notes_;
    std::vector<std::string> told_;
    std::optional<ScratchpadEnvironment> environment_;  ///< whose rates its nodes have
    Bits first_bits_;                                   ///< of the first model, which changes add engines of
};

}  // namespace regatta::scenario
