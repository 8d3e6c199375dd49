// The scenario written out with every default means the same when it is read again.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "loading.hpp"
#include "shipped.hpp"

namespace regatta::scenario {
namespace {

using testing::load_text;
using testing::scenario_with;

/// What changes while the fleet serves.
std::string facts_of_changes(const Scenario& scenario) {
    const FleetChanges& changes = scenario.changes;
    std::string text = fmt::format(" {} {} {} {} {}", changes.is_any, changes.latency.ns(), changes.period.ns(),
                                   changes.health_every.ns(), changes.drain_limit.ns());
    for (const auto& law : {changes.failures.gpu, changes.failures.node, changes.failures.rack})
        text += law ? fmt::format(" {} {} {} {}", law->mtbf_s, law->mttr_s, law->shape, law->repair_shape) : " none";
    text += fmt::format(" {}", changes.failures.nodes_per_rack);
    for (const Failures::Scripted& scripted : changes.failures.script)
        text += fmt::format(" {} {} {} {} {}", scripted.pool, scripted.node, scripted.gpu.value_or(99),
                            scripted.outage.from.ns(), scripted.outage.to.ns());
    for (const control::ScriptedChange& change : changes.timeline)
        text += fmt::format(" {} {} {} {}", change.at.ns(), change.pool, fmt::join(change.replicas, "+"),
                            static_cast<int>(change.order));
    for (const control::RollingUpdate::Plan& plan : changes.updates)
        text += fmt::format(" {} {} {} {} {}", plan.pool, plan.at.ns(), plan.duration.ns(), plan.most_unavailable,
                            plan.nodes);
    if (changes.reprovision) text += fmt::format(" {} {}", changes.reprovision->name, changes.requests_per_replica);
    const Gateways& gateways = scenario.gateways;
    text += fmt::format(" {} {} {} {} {}", gateways.hold_unserved, gateways.tell_demand, gateways.max_waiting.ns(),
                        gateways.most_retries, gateways.retry_after.ns());
    for (const Servers& servers : scenario.servers)
        text += fmt::format(" {} {} {} {}", servers.name, servers.count, servers.gpus_each(),
                            servers.facts.host_memory_bytes);
    for (const Pool& pool : scenario.pools) {
        text += fmt::format(" {} {} {} {} {} {} {} {} {}", pool.servers.value_or(99), pool.first_gpu,
                            pool.server.host_memory_bytes, pool.server.rates.disk_bytes_per_s,
                            pool.server.rates.network_bytes_per_s, pool.server.rates.host_link_bytes_per_s,
                            static_cast<int>(pool.loading.source), pool.loading.warm_up.ns(), pool.weight_bytes);
        for (const serving::Phase phase : pool.at_start)
            text += fmt::format(" {}", static_cast<int>(phase));
        if (!pool.autoscale) continue;
        const control::ScalingLimits& limits = pool.autoscale->limits;
        text += fmt::format(" {} {} {} {} {} {} {} {} {}", pool.autoscale->policy.name,
                            pool.autoscale->policy.parameters.all().size(), limits.least, limits.most, limits.spares,
                            limits.most_up, limits.most_down, limits.up_window.ns(), limits.down_window.ns());
    }
    return text;
}

/// Everything a scenario says, but for the resolved text and the spelling of paths.
std::string facts_of(const Scenario& scenario) {
    std::string text = scenario.name + " " + std::to_string(scenario.seed);
    const auto add_time = [&](const std::optional<SimTime>& time) {
        text += " " + (time ? std::to_string(time->ns()) : "none");
    };
    const auto add_policy = [&](const PolicyChoice& policy) {
        text += fmt::format(" {} {}", policy.name, policy.parameters.all().size());
        for (const auto& [key, value] : policy.parameters.all())
            text += fmt::format(" {}{}", key, value.index());
        if (policy.name == "vllm_v1")
            for (const auto& [name, most] : policy.parameters.counts("class_limits"))
                text += fmt::format(" {}:{}", name, most);
    };
    add_time(scenario.duration);
    add_time(scenario.series_every);
    add_time(scenario.measure_from);
    add_time(scenario.node_to_node_latency);
    add_time(scenario.gateways.report_every);
    text += scenario.ends_at_duration ? " at_duration" : " drain";
    text += scenario.stepping == serving::Stepping::Lazy ? " lazy" : " stepwise";
    text += " " + std::to_string(scenario.gateways.count);
    text += scenario.compat == Compat::Vidur ? " vidur" : " right";
    text += fmt::format(" {} {}", scenario.energy.grid_g_per_kwh.value_or(-1), scenario.energy.pue);
    add_policy(scenario.gateways.router);
    text += facts_of_changes(scenario);
    for (const Pool& pool : scenario.pools) {
        text += " " + pool.name + " " + pool.model.name + " " + pool.gpu.name + " " + std::to_string(pool.nodes) + " " +
                std::to_string(pool.gpus_per_node) + " " + std::to_string(pool.tensor_parallel) + " " +
                std::to_string(pool.pipeline_parallel) + " " + std::to_string(pool.block_tokens) + " " +
                std::to_string(pool.memory_fraction) + " " + std::to_string(pool.kv_blocks.value_or(-1)) + " " +
                std::to_string(pool.max_context_tokens) + " " + std::to_string(static_cast<int>(pool.weight_type)) +
                std::to_string(static_cast<int>(pool.activation_type)) + std::to_string(static_cast<int>(pool.kv_type));
        text += fmt::format(" {} {}", pool.weight, pool.max_queue.value_or(0));
        text += fmt::format(" {} {} {} {}", pool.gpu.idle_w, pool.gpu.memory_bound_w, pool.gpu.compute_bound_w,
                            pool.gpu.price_usd_per_h);
        add_time(pool.gateway_latency);
        add_policy(pool.scheduler);
        add_policy(pool.timing);
    }
    for (const Stream& stream : scenario.streams) {
        text += fmt::format(" {} {} {} {} {} {} {} {}", stream.name, fmt::join(stream.pools, "+"), stream.rate_per_s,
                            stream.limit.value_or(0), stream.tenant, stream.traffic_class, stream.priority,
                            stream.correlation);
        add_time(stream.targets.ttft);
        add_time(stream.targets.tpot);
        add_time(stream.timeout);
        add_policy(stream.arrivals);
        add_policy(stream.prompt);
        add_policy(stream.output);
        for (int minute = 0; stream.curve && minute < 60; ++minute)
            text += fmt::format(" {}", stream.curve->expected(SimTime(), SimTime::from_s(60 * minute)));
        if (!stream.trace) continue;
        text += fmt::format(" {} {}", stream.trace->rate_scale, stream.trace->columns.size());
        add_time(stream.trace->window_from);
        add_time(stream.trace->window_to);
    }
    return text;
}

void expect_same_again(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const Scenario first = load_text(text, overrides, {"t.csv", "/home/someone/t.csv"});
    const Scenario second = load_text(first.resolved_text, {}, {"t.csv", "/home/someone/t.csv"});
    EXPECT_EQ(first.resolved_text, second.resolved_text);
    EXPECT_EQ(facts_of(first), facts_of(second));
}

TEST(Resolved, ShowsEveryDefault) {
    EXPECT_EQ(load_text(scenario_with(6,
                                      "      node: {gpu: big-gpu}\n      timing: {policy: linear, step_us: 5000, "
                                      "token_us: 0.5, context_token_ns: 1}"))
                  .resolved_text,
              R"(name: unnamed
compat: "none"
duration: 10min
seed: 1
targets:
  ttft: none
  tpot: none
fleet:
  pools:
    - name: chat
      model: small-llm
      nodes: 1
      node:
        name: none
        gpu: big-gpu
        gpus: 8
        host_memory: none
        disk_bandwidth: none
        host_link: none
        network_bandwidth: none
      servers: none
      gpu: none
      start: none
      autoscale: none
      loading:
        from: disk
        warm_up: 20s
      parallel:
        tp: 1
        pp: 1
      scheduler: {policy: vllm_v1, chunk_tokens: 2048, max_running: 256, order: fcfs, max_waiting: none, class_limits: {}}
      speculation: {method: none}
      timing: {policy: linear, step_us: 5000, token_us: 0.5, context_token_ns: 1}
      weights: bf16
      activations: bf16
      kv_cache: bf16
      block_tokens: 16
      memory_fraction: 0.9
      kv_blocks: none
      max_context_tokens: 8192
      gateway_latency: 50us
      weight: 1
      power:
        idle: none
        memory_bound: none
        compute_bound: none
      price: none
      max_queue: none
  controller:
    latency: 100ms
    period: 10s
    health_checks: 1s
    drain_limit: none
  failures: none
  reprovision: none
  environment: none
  engines: none
  gpu: none
  model: none
  precision: none
  changes: none
gateways:
  count: 1
  router: {policy: least_outstanding}
  reports: {kind: on_completion}
  unserved: {policy: wait, max_waiting: 10min}
  retries: 3
  retry_after: 2s
  admission: none
network:
  gateway_to_node: 50us
  node_to_node: 10us
workload:
  trace: none
  columns: none
  rate_scale: none
  window: none
  prompt_scale: none
  output_scale: none
  max_tokens: none
  trace_model: none
  limit: none
  pool: none
  model: none
  timeout: none
  arrival_rate: none
  streams:
    - name: stream-0
      pool: chat
      model: none
      tenant: none
      class: stream-0
      priority: 0
      targets:
        ttft: none
        tpot: none
      timeout: none
      trace: none
      columns: none
      rate_scale: none
      window: none
      prompt_scale: none
      output_scale: none
      max_tokens: none
      trace_model: none
      arrivals: {process: poisson, rate: 40/s}
      arrival_times: none
      lengths:
        prompt: {fixed: 1000}
        output: {fixed: 200}
        total: none
        prompt_to_output: none
        rounding: none
        recorded: none
        correlation: 0
      limit: none
end: drain
measure:
  from: 0s
energy:
  grid_intensity: 473g/kWh
  pue: 1
engine:
  stepping: lazy
  bound: promises
  exchange: auto
output:
  requests: all
  series: 1s
  series_by: pool
  steps: none
)");
}

TEST(Resolved, MeansTheSameWhenItIsReadAgain) {
    expect_same_again(scenario_with());
    expect_same_again(scenario_with(), {"output.steps={replicas: 3, to: 5s, sample: 0.01}"});
    expect_same_again(scenario_with(), {"compat=vidur", "fleet.pools[0].parallel={tp: 2, pp: 4}"});
    expect_same_again(scenario_with(), {"gateways.reports={every: 100ms}", "end=at_duration", "output.series=none"});
    for (const char* rate :
         {"{steps: [[0s, 1/min], [10min, 0.1/s]]}", "{ramp: [[0s, 0/s], [90s, 40/s]]}",
          "{daily: {mean: 3/s, peak: 4/s, period: 7min}}",
          "{constant: 3/s, spikes: [{at: 5s, for: 1ms, factor: 0.1}, {at: 6s, for: 1s, factor: 3}]}"})
        expect_same_again(scenario_with(), {fmt::format("workload.streams[0].arrivals.rate={}", rate)});
    expect_same_again(scenario_with(9,
                                    "    - {trace: t.csv, window: {to: 5s}, rate_scale: 3, tenant: \"a, b\"}\n"
                                    "    - arrivals: {rate: 1/s}"));
    expect_same_again(scenario_with(), {"name='a: \"b\"\\, # c'", "targets.ttft=1ms", "workload.limit=12"});
    expect_same_again(scenario_with(), {"workload.streams[0].targets={ttft: none}", "targets={ttft: 5s, tpot: 1s}"});
    expect_same_again(scenario_with(), {"workload.streams[0].arrivals={gamma: 2, rate: 3/min}"});
    expect_same_again(scenario_with(), {"workload.streams[0].arrivals=all_at_once", "workload.streams[0].limit=5"});
    expect_same_again(scenario_with(), {"workload.streams[0].timeout=90s"});
    expect_same_again(scenario_with(), {"workload={trace: t.csv, rate_scale: 0.3, timeout: 7ms}"});
    expect_same_again(scenario_with(), {"workload={trace: t.csv, rate_scale: 0.3, window: {from: 1s, to: 3s}}"});
    expect_same_again(scenario_with(9, "    - class: 'a: b'\n      arrivals: {rate: 1/s}"),
                      {"fleet.pools[0].scheduler={order: priority, max_waiting: 3s, class_limits: {'a: b': 7}}"});
    for (const char* line :
         {"      start: 3", "      loading: {from: network, warm_up: 7s}\n  failures: {}",
          "  failures: {gpu: {mtbf: 200h, mttr: 2h, shape: 0.8}, rack: {nodes: 4, mtbf: 1h, mttr: 1min, repair_shape: "
          "2}}",
          "  failures: {script: [{at: 6h, for: 1s, pool: chat}, {at: 5h, for: 2s, pool: chat, gpu: 3}]}",
          "  timeline: [{at: 3s, pool: chat, replicas: 5}, {at: 1s, pool: chat, nodes: -1, how: kill}]",
          "  maintenance: [{at: 1s, pool: chat, duration: 9s, max_unavailable: 2}]",
          "  controller: {latency: 2ms, period: 3s, health_checks: 4s, drain_limit: 5s}\n  failures: {}",
          "      autoscale: {policy: attainment, target: 0.9, min: 0, max: 5, spares: 2, max_up: 3, down_after: 2s}",
          "      autoscale: {policy: schedule, hours: [0, 7.5], replicas: [1, 3], period: 12h}",
          "  failures: {}\ngateways: {unserved: reject, retries: 7, retry_after: 9s}",
          "      autoscale: {policy: kv_use, target: 0.3}\ngateways: {unserved: {policy: provision, max_waiting: "
          "3s}}"}) {
        SCOPED_TRACE(line);
        expect_same_again(scenario_with(6, fmt::format("      node: {{gpu: big-gpu, host_memory: 3GB}}\n{}", line)));
    }
    expect_same_again(
        "duration: 10min\n"
        "fleet:\n"
        "  servers: [{name: shared, count: 2, gpus: [{gpu: big-gpu, count: 8}], disk_bandwidth: 3GB/s}]\n"
        "  reprovision: {policy: demand, factor: 3}\n"
        "  pools:\n"
        "    - {name: code, model: large-llm, servers: shared, gpu: big-gpu, parallel: {tp: 4}, start: 1}\n"
        "    - {name: chat, model: small-llm, servers: shared, nodes: 2}\n"
        "workload:\n"
        "  streams:\n"
        "    - {pool: chat, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 9}, output: {fixed: 9}}}\n");
    expect_same_again(scenario_with(), {"fleet.pools[0].kv_blocks=500", "fleet.pools[0].weights=fp8", "name='true'"});
}

TEST(Resolved, WordsThatWouldBeMisreadAreQuoted) {
    for (const std::string name : {"none", "true", "1.5", "~", "a: b", "- x", "#", "'", "\"", "\\", "\t", "ä"}) {
        SCOPED_TRACE(name);
        std::string quoted = "'";
        for (const char c : name)
            quoted += c == '\'' ? "''" : std::string(1, c);
        const Scenario first = load_text("name: " + quoted + "'\n" + scenario_with());
        EXPECT_EQ(first.name, name);
        EXPECT_EQ(load_text(first.resolved_text).name, name);
    }
}

RC_GTEST_PROP(ResolvedProperty, AnyNumbersSurvive, ()) {
    const auto rate = *rc::gen::inRange(1, 1'000'000);
    const auto per = *rc::gen::element<std::string>("/s", "/min", "/h");
    const auto duration_ns = *rc::gen::inRange<std::int64_t>(1'000'000'000, std::int64_t{1} << 58);
    const auto cv = *rc::gen::inRange(1, 9'999);
    const std::vector<std::string> overrides = {
        "workload.streams[0].arrivals={process: gamma, cv: " + std::to_string(cv / 100.0) +
            ", rate: " + std::to_string(rate) + per + "}",
        "duration=" + std::to_string(duration_ns) + "ns",
        "fleet.pools[0].memory_fraction=0." + std::to_string(cv + 50000)};
    const Scenario first = load_text(scenario_with(), overrides);
    const Scenario second = load_text(first.resolved_text);
    RC_ASSERT(first.resolved_text == second.resolved_text);
    RC_ASSERT(first.duration == second.duration);
    RC_ASSERT(first.streams[0].rate_per_s == second.streams[0].rate_per_s);
    RC_ASSERT(first.streams[0].arrivals.parameters.real("cv") == second.streams[0].arrivals.parameters.real("cv"));
    RC_ASSERT(first.pools[0].memory_fraction == second.pools[0].memory_fraction);
}

TEST(Resolved, ShippedScenariosMeanTheSameWhenTheyAreReadAgain) {
    const std::string directory = testing::source_directory() + "/configs/";
    for (const std::string name : {"quickstart.yaml", "azure-conversation.yaml", "failures.yaml", "rolling-update.yaml",
                                   "daily-rhythm.yaml", "two-models.yaml"}) {
        SCOPED_TRACE(name);
        InputFiles files;
        files.files["t.csv"] = {true, "", ""};
        files.files[files.absolute("t.csv")] = {true, "", ""};
        std::vector<std::string> overrides;
        if (name == "azure-conversation.yaml") overrides.push_back("workload.trace=t.csv");
        const Scenario first =
            load_scenario({directory + name, overrides, directory + "catalogue"}, Registries{}, files);
        files.files["again.yaml"] = {true, first.resolved_text, ""};
        const Scenario second = load_scenario({"again.yaml", {}, directory + "catalogue"}, Registries{}, files);
        EXPECT_EQ(first.resolved_text, second.resolved_text);
        EXPECT_EQ(facts_of(first), facts_of(second));
    }
}

}  // namespace
}  // namespace regatta::scenario
