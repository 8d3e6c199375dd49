// What ranks save of a run: loaded with bytes that no run saves, of fleets that between them have every scheduler,
// router and rule with a state of its own. What was loaded is saved again, and runs on for a while.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "byte_source.hpp"
#include "hostile.hpp"
#include "mutations.hpp"
#include "regatta/engine/partition.hpp"
#include "regatta/engine/simulation.hpp"
#include "regatta/transport/in_process.hpp"
#include "scenario/build_fleet.hpp"
#include "scenario/load.hpp"
#include "serving/no_records.hpp"
#include "small_catalogue.hpp"

namespace {

using namespace regatta;

constexpr std::array kPools = {
    "scheduler: {policy: vllm_v1, max_running: 8}, kv_blocks: 600",
    "scheduler: {policy: vllm_v1, max_running: 8, order: shortest_first, max_waiting: 2s, class_limits: {low: 3}}, "
    "kv_blocks: 600",
    "scheduler: {policy: vllm_v1, max_running: 8}, kv_blocks: 600, speculation: {method: ngram}",
    "scheduler: {policy: vllm_v1, max_running: 8}, kv_blocks: 600, parallel: {pp: 2}",
    "scheduler: {policy: vllm, max_running: 8}, kv_blocks: 600",
    "scheduler: {policy: sarathi, max_running: 8}, kv_blocks: 600, parallel: {pp: 2}",
    "scheduler: {policy: orca, max_running: 8}, kv_blocks: 2000",
    "scheduler: {policy: lightllm, max_running: 8}, block_tokens: 1, kv_blocks: 9000",
    "scheduler: {policy: faster_transformer, max_running: 8}, kv_blocks: 2000",
};
/// Of the gateways and of what changes, by turns.
constexpr std::array kRest = {
    "gateways: {count: 2, router: least_loaded, admission: [{queue_limit: 4}]}\n",
    "gateways: {count: 2, router: {policy: power_of_d, load: kv}, reports: {every: 10ms}, admission: [{policy: "
    "rate_limit, requests: 30/s, burst: 9}]}\n",
    "gateways: {router: round_robin}\noutput: {series: 100ms}\n",
};

scenario::Scenario small_scenario(std::size_t which) {
    scenario::InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/";
    fuzz::add_small_catalogue(files);
    files.files["fleet.yaml"] = {
        true,
        std::string("duration: 4s\nfleet:\n  pools:\n    - {name: chat, model: small-llm, nodes: 2, node: {gpu: "
                    "big-gpu, gpus: 2}, ") +
            kPools[which] + ", start: 1}\n" +
            (which % 2 == 0
                 ? "  failures: {node: {mtbf: 3s, mttr: 500ms}}\n"
                 : "  timeline: [{at: 500ms, pool: chat, nodes: -1}, {at: 1500ms, pool: chat, nodes: 1}]\n") +
            kRest[which % kRest.size()] +
            "workload:\n  streams:\n"
            "    - {arrivals: {rate: 40/s}, lengths: {prompt: {mean: 700, distribution: exponential}, output: {fixed: "
            "60}}, class: low}\n"
            "    - {arrivals: {rate: 5/s}, lengths: {prompt: {fixed: 100}, output: {fixed: 9}}, timeout: 3s}\n",
        ""};
    return scenario::load_scenario({"fleet.yaml", {}, "catalogue"}, scenario::Registries{}, files);
}

/// One of the fleets, and what one rank saved in the middle of its run.
struct Saved {
    explicit Saved(std::size_t which) : scenario(small_scenario(which)) {
        const scenario::Fleet fleet(scenario, registries, sink);
        engine::Simulation simulation(fleet.model(), engine::partition_round_robin(fleet.model(), 1), transport);
        static_cast<void>(simulation.run({.until = SimTime::from_s(4), .observer = {}, .pause = kPause}));
        bytes = simulation.save();
    }
    static constexpr SimTime kPause = SimTime::from_ms(1200);

    scenario::Scenario scenario;
    scenario::Registries registries;
    serving::NoRecords sink;
    transport::InProcessTransport transport;
    engine::Buffer bytes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static std::array<std::unique_ptr<Saved>, kPools.size()> fleets;
    fuzz::ByteSource bytes({data, size});
    const std::size_t which = bytes.byte() % kPools.size();
    if (fleets[which] == nullptr) fleets[which] = std::make_unique<Saved>(which);
    Saved& saved = *fleets[which];
    engine::Buffer part = saved.bytes;
    fuzz::change_some(part, bytes);
    fuzz::read_or_refuse([&] {
        const scenario::Fleet fleet(saved.scenario, saved.registries, saved.sink);
        engine::Simulation simulation(fleet.model(), engine::partition_round_robin(fleet.model(), 1), saved.transport);
        simulation.load(std::vector<std::span<const char>>{part});
        static_cast<void>(simulation.save());
    });
    return 0;
}
