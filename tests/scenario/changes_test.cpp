// What changes about a fleet while it serves: servers, starts, scaling, failures, hardware that comes and goes.
#include <gtest/gtest.h>

#include <algorithm>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using serving::Order;
using serving::Phase;
using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

/// The scenario of ten lines with a line more, number 7, behind its pool.
std::string with(const std::string& line) {
    return scenario_with(6, "      node: {gpu: big-gpu}\n" + line);
}
Lines problems_with(const std::string& line) {
    return problems_of_text(with(line));
}

/// Two pools, in lines 6 and 7, on the servers of line 4.
std::string shared(const std::string& chat = "", const std::string& code = "", const std::string& rest = "",
                   const std::string& servers = "- {name: shared, count: 2, gpus: [{gpu: big-gpu, count: 8}]}") {
    return "duration: 10min\n"
           "fleet:\n"
           "  servers:\n"
           "    " +
           servers +
           "\n  pools:\n"
           "    - {name: chat, model: small-llm, servers: shared" +
           chat +
           "}\n"
           "    - {name: code, model: small-llm, servers: shared" +
           code + "}\n" + rest +
           "workload:\n"
           "  streams:\n"
           "    - {pool: chat, arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 9}, output: {fixed: 9}}}\n";
}
Lines problems_with_servers(const std::string& servers) {
    return problems_of_text(shared("", "", "", servers));
}

TEST(Changes, AFleetWithoutThemHasNone) {
    EXPECT_FALSE(load_text(scenario_with()).changes.is_any);
    EXPECT_TRUE(load_text(scenario_with()).pools[0].at_start.empty());
    for (const char* line :
         {"  failures: {}", "  timeline: [{at: 1s, pool: chat, nodes: 1}]", "      start: 8",
          "  maintenance: [{at: 1s, pool: chat, duration: 1s}]", "      autoscale: {policy: outstanding, target: 3}"})
        EXPECT_TRUE(load_text(with(line)).changes.is_any) << line;
}

TEST(Changes, FailuresSayWhatIsWrong) {
    EXPECT_EQ(problems_with("  failures: {gpu: {mtbf: 1h}}"),
              Lines{"fleet.yaml:7:19: fleet.failures.gpu.mttr: missing; expected a duration from 1ns to 1000000000s"});
    EXPECT_EQ(problems_with("  failures: {gpu: {mtbf: 0s, mttr: 1h, shape: 11, repair_shape: 0}}"),
              (Lines{"fleet.yaml:7:26: fleet.failures.gpu.mtbf: expected a duration from 1ns to 1000000000s, found "
                     "\"0s\"",
                     "fleet.yaml:7:47: fleet.failures.gpu.shape: expected a number from 0.1 to 10, found \"11\"",
                     "fleet.yaml:7:65: fleet.failures.gpu.repair_shape: expected a number from 0.1 to 10, found "
                     "\"0\""}));
    EXPECT_EQ(problems_with("  failures: {disk: {mtbf: 1h, mttr: 1s}}"),
              Lines{"fleet.yaml:7:14: fleet.failures.disk: no such key; allowed: gpu, node, rack, script"});
    EXPECT_EQ(problems_with("  failures: {rack: {mtbf: 1h, mttr: 1s}}"),
              Lines{"fleet.yaml:7:20: fleet.failures.rack.nodes: missing; expected a whole number from 1 to 1000000"});
    EXPECT_EQ(problems_of_text("fleet:\n"
                               "  failures: {node: {mtbf: 1h, mttr: 1s}}\n"
                               "  pools: [{name: chat, model: small-llm, node: {gpu: big-gpu}}]\n"
                               "workload: {limit: 5, streams: [{arrivals: {rate: 1/s}, lengths: {prompt: {fixed: 9}, "
                               "output: {fixed: 9}}}]}\n"),
              Lines{"fleet.yaml:2:20: fleet.failures.node: failures by chance need a duration, which they strike "
                    "within; give one, or a script"});
}

TEST(Changes, ScriptedFailuresSayWhatIsWrong) {
    EXPECT_EQ(problems_with("  failures: {script: [{at: 1s, for: 0s, pool: chat}, {for: 1s, pool: chat}, {at: 1s, for: "
                            "1s}]}"),
              (Lines{"fleet.yaml:7:37: fleet.failures.script[0].for: expected a duration of at least 1ns, found \"0s\"",
                     "fleet.yaml:7:54: fleet.failures.script[1].at: missing; expected a duration of at least 0s",
                     "fleet.yaml:7:77: fleet.failures.script[2].pool: missing; expected a text"}));
    EXPECT_EQ(problems_with("  failures: {script: [{at: 1s, for: 1s, pool: chats}, {at: 1s, for: 1s, pool: chat, "
                            "node: 1}, {at: 1s, for: 1s, pool: chat, gpu: 8}]}"),
              (Lines{"fleet.yaml:7:47: fleet.failures.script[0].pool: no pool \"chats\"; allowed: chat; did you mean "
                     "\"chat\"?",
                     "fleet.yaml:7:91: fleet.failures.script[1].node: node 1, but pool \"chat\" has 1, numbered from 0",
                     "fleet.yaml:7:130: fleet.failures.script[2].gpu: GPU 8, but a node has 8, numbered from 0"}));
}

TEST(Changes, FailuresAreThoseThatAreAskedFor) {
    const Failures failures =
        load_text(with("  failures: {gpu: {mtbf: 200h, mttr: 2h, shape: 0.8}, rack: {nodes: 4, mtbf: 1h, mttr: 1min, "
                       "repair_shape: 2}, script: [{at: 6h, for: 1s, pool: chat}, {at: 5h, for: 2s, pool: chat, gpu: "
                       "3}]}"))
            .changes.failures;
    ASSERT_TRUE(failures.gpu && failures.rack && !failures.node);
    EXPECT_EQ(failures.gpu->mtbf_s, 720'000);
    EXPECT_EQ(failures.gpu->mttr_s, 7'200);
    EXPECT_EQ(failures.gpu->shape, 0.8);
    EXPECT_EQ(failures.gpu->repair_shape, 1);
    EXPECT_EQ(failures.rack->repair_shape, 2);
    EXPECT_EQ(failures.nodes_per_rack, 4U);
    ASSERT_EQ(failures.script.size(), 2U);
    EXPECT_EQ(failures.script[0].outage.from, SimTime::from_s(5 * 3600));
    EXPECT_EQ(failures.script[0].outage.to, SimTime::from_s(5 * 3600 + 2));
    EXPECT_EQ(failures.script[0].gpu, 3U);
    EXPECT_FALSE(failures.script[1].gpu);
}

TEST(Changes, ATimelineSaysWhatIsWrong) {
    EXPECT_EQ(problems_with("  timeline: [{at: 1s, pool: chat}, {at: 1s, pool: chat, nodes: 1, replicas: 1}, {at: 1s, "
                            "pool: chat, nodes: 0}, {at: 1s, pool: chat, nodes: -2}, {at: 1s, pool: chats, nodes: 1}]"),
              (Lines{"fleet.yaml:7:14: fleet.timeline[0]: expected either nodes or replicas, above 0 to add, below to "
                     "remove",
                     "fleet.yaml:7:36: fleet.timeline[1]: expected either nodes or replicas, above 0 to add, below to "
                     "remove",
                     "fleet.yaml:7:81: fleet.timeline[2]: expected either nodes or replicas, above 0 to add, below to "
                     "remove",
                     "fleet.yaml:7:141: fleet.timeline[3].nodes: takes away 16 replicas, but pool \"chat\" has 8 by "
                     "then",
                     "fleet.yaml:7:161: fleet.timeline[4].pool: no pool \"chats\"; allowed: chat; did you mean "
                     "\"chat\"?"}));
    EXPECT_EQ(problems_with("  timeline: [{at: 1s, pool: chat, replicas: -1, how: later}, {pool: chat, nodes: 1}, {at: "
                            "1s, pool: chat, replicas: 1.5}]"),
              (Lines{"fleet.yaml:7:54: fleet.timeline[0].how: expected one of: drain, kill, found \"later\"",
                     "fleet.yaml:7:62: fleet.timeline[1].at: missing; expected a duration of at least 0s",
                     "fleet.yaml:7:117: fleet.timeline[2].replicas: expected a whole number, found \"1.5\""}));
    EXPECT_EQ(problems_of_text(shared("", "", "  timeline: [{at: 1s, pool: chat, nodes: 1}]\n")),
              Lines{"fleet.yaml:8:29: fleet.timeline[0].pool: pool \"chat\" shares GPUs of servers: such hardware does "
                    "not come or go"});
    EXPECT_EQ(
        problems_of_text("fleet: {servers: [{name: s, gpus: [{gpu: big-gpu, count: 2}]}], pools: [{name: chat, model: "
                         "small-llm, servers: s}], timeline: [{at: 1s, pool: chat, replicas: -1}, {at: 2s, pool: "
                         "chat, replicas: 2}]}\nworkload: {streams: [{arrivals: {rate: 1/s}, limit: 1, lengths: "
                         "{prompt: {fixed: 9}, output: {fixed: 3}}}]}\n"),
        Lines{"fleet.yaml:1:196: fleet.timeline[1].replicas: adds 2 replicas, but the servers of pool \"chat\" have "
              "room for 1 by then; what is new needs a pool of its own"});
    EXPECT_EQ(problems_of_text(with("  timeline: [{at: 1s, pool: chat, nodes: 2}]"),
                               {"fleet.pools[0].parallel={tp: 8, pp: 2}", "fleet.pools[0].nodes=2"}),
              Lines{"fleet.yaml:7:29: fleet.timeline[0].pool: pool \"chat\" has replicas over several nodes: such "
                    "hardware does not come or go"});
}

TEST(Changes, ATimelineTakesTheLastAndFillsWhatIsEmpty) {
    // 8 replicas: 3 go, 13 come (a node's 8 and the rest), in the order of time whatever that of the list.
    const Scenario scenario =
        load_text(with("  timeline: [{at: 3s, pool: chat, replicas: 5}, {at: 1s, pool: chat, replicas: -3}, {at: 2s, "
                       "pool: chat, nodes: 1}, {at: 4s, pool: chat, nodes: -1, how: kill}]"));
    const auto& timeline = scenario.changes.timeline;
    ASSERT_EQ(timeline.size(), 4U);
    EXPECT_EQ(timeline[0].at, SimTime::from_s(1));
    EXPECT_EQ(timeline[0].order, Order::Uninstall);
    EXPECT_EQ(timeline[0].replicas, (std::vector<std::uint32_t>{5, 6, 7}));
    EXPECT_EQ(timeline[1].order, Order::Install);
    EXPECT_EQ(timeline[1].replicas, (std::vector<std::uint32_t>{5, 6, 7, 8, 9, 10, 11, 12}));
    EXPECT_EQ(timeline[2].replicas, (std::vector<std::uint32_t>{13, 14, 15, 16, 17}));
    EXPECT_EQ(timeline[3].order, Order::Rip);
    EXPECT_EQ(timeline[3].replicas, (std::vector<std::uint32_t>{10, 11, 12, 13, 14, 15, 16, 17}));
    const Pool& pool = scenario.pools[0];
    EXPECT_EQ(pool.nodes, 3U);
    ASSERT_EQ(pool.at_start.size(), 24U);
    EXPECT_EQ(pool.at_start[7], Phase::Ready);
    EXPECT_EQ(pool.at_start[8], Phase::Absent);
}

TEST(Changes, MaintenanceSaysWhatIsWrong) {
    EXPECT_EQ(problems_with("  maintenance: [{at: 1s, pool: chat}, {pool: chat, duration: 1s}, {at: 1s, pool: chat, "
                            "duration: 1s, max_unavailable: 0}]"),
              (Lines{"fleet.yaml:7:17: fleet.maintenance[0].duration: missing; expected a duration of at least 1ns",
                     "fleet.yaml:7:39: fleet.maintenance[1].at: missing; expected a duration of at least 0s",
                     "fleet.yaml:7:119: fleet.maintenance[2].max_unavailable: expected a whole number from 1 to "
                     "1000000, found \"0\""}));
    EXPECT_EQ(problems_with("  maintenance: [{at: 1s, pool: chats, duration: 1s}]"),
              Lines{"fleet.yaml:7:32: fleet.maintenance[0].pool: no pool \"chats\"; allowed: chat; did you mean "
                    "\"chat\"?"});
}

TEST(Changes, TheControllerSaysWhatIsWrong) {
    EXPECT_EQ(problems_with("  controller: {latency: 0s, period: 0s, health_checks: 0s, drain_limit: 0s, perod: 1s}"),
              (Lines{"fleet.yaml:7:25: fleet.controller.latency: expected a duration of at least 1ns, found \"0s\"",
                     "fleet.yaml:7:37: fleet.controller.period: expected a duration of at least 1us, found \"0s\"",
                     "fleet.yaml:7:56: fleet.controller.health_checks: expected a duration of at least 1us, found "
                     "\"0s\"",
                     "fleet.yaml:7:73: fleet.controller.drain_limit: expected a duration of at least 1ns, found \"0s\"",
                     "fleet.yaml:7:77: fleet.controller.perod: no such key; did you mean \"period\"?"}));
    const FleetChanges changes = load_text(with("  controller: {latency: 2ms, period: 3s, health_checks: 4s, "
                                                "drain_limit: 5s}\n  failures: {}"))
                                     .changes;
    EXPECT_EQ(changes.latency, SimTime::from_ms(2));
    EXPECT_EQ(changes.period, SimTime::from_s(3));
    EXPECT_EQ(changes.health_every, SimTime::from_s(4));
    EXPECT_EQ(changes.drain_limit, SimTime::from_s(5));
    EXPECT_FALSE(changes.needs_controller());
}

TEST(Changes, ReprovisioningSaysWhatIsWrong) {
    EXPECT_EQ(problems_with("  reprovision: random_idle"),
              Lines{"fleet.yaml:7:16: fleet.reprovision: no replica can make room for another: no pools share "
                    "fleet.servers"});
    EXPECT_EQ(problems_with("  reprovision: {policy: random, factor: 2}"),
              Lines{"fleet.yaml:7:25: fleet.reprovision.policy: expected one of: random_idle, longest_idle, demand, "
                    "found \"random\"; did you mean \"random_idle\"?"});
    EXPECT_EQ(problems_with("  reprovision: {policy: demand, factor: 0.5, requests_per_replica: 0}"),
              (Lines{"fleet.yaml:7:41: fleet.reprovision.factor: expected a number from 1 to 1000000, found \"0.5\"",
                     "fleet.yaml:7:68: fleet.reprovision.requests_per_replica: expected a number from 0.001 to "
                     "1000000000, found \"0\""}));
}

TEST(Changes, StartsAndLoadingSayWhatIsWrong) {
    EXPECT_EQ(problems_with("      start: 9"),
              Lines{"fleet.yaml:7:14: fleet.pools[0].start: 9 replicas, but there is room for 8"});
    EXPECT_EQ(problems_with("      start: -1"),
              Lines{"fleet.yaml:7:14: fleet.pools[0].start: expected a whole number from 0 to 1000000, found \"-1\""});
    EXPECT_EQ(problems_with("      loading: {from: cloud, warm_up: -1s}"),
              (Lines{"fleet.yaml:7:23: fleet.pools[0].loading.from: expected one of: disk, network, found \"cloud\"",
                     "fleet.yaml:7:39: fleet.pools[0].loading.warm_up: expected a duration of at least 0s, found "
                     "\"-1s\""}));
    const Pool pool = load_text(with("      loading: {from: network, warm_up: 7s}\n      start: 3")).pools[0];
    EXPECT_EQ(std::count(pool.at_start.begin(), pool.at_start.end(), Phase::Ready), 3);
    EXPECT_EQ(pool.at_start[2], Phase::Ready);
    EXPECT_EQ(pool.at_start[3], Phase::Off);
    EXPECT_EQ(pool.loading.source, serving::WeightSource::Network);
    EXPECT_EQ(pool.loading.warm_up, SimTime::from_s(7));
}

TEST(Changes, AutoscalingSaysWhatIsWrong) {
    const std::string path = "fleet.pools[0].autoscale";
    EXPECT_EQ(problems_with("      autoscale: {policy: outstanding}"),
              Lines{"fleet.yaml:7:18: " + path +
                    ".target: missing; outstanding needs a number from 0.001 to "
                    "1000000000"});
    EXPECT_EQ(problems_with("      autoscale: {policy: outstandng, target: 3}"),
              Lines{"fleet.yaml:7:27: " + path +
                    ".policy: expected one of: outstanding, kv_use, attainment, schedule, found \"outstandng\"; did "
                    "you mean \"outstanding\"?"});
    EXPECT_EQ(problems_with("      autoscale: {policy: outstanding, target: 0, tolerance: 1}"),
              (Lines{"fleet.yaml:7:48: " + path + ".target: expected a number from 0.001 to 1000000000, found \"0\"",
                     "fleet.yaml:7:62: " + path + ".tolerance: expected a fraction from 0 to 0.99, found \"1\""}));
    EXPECT_EQ(problems_with("      autoscale: {policy: kv_use, target: 2}"),
              Lines{"fleet.yaml:7:43: " + path + ".target: expected a fraction from 0.001 to 1, found \"2\""});
    EXPECT_EQ(problems_with("      autoscale: {policy: attainment, target: 0.9, min: 3, max: 2}"),
              Lines{"fleet.yaml:7:57: " + path + ".min: 3 replicas are more than max, 2"});
    EXPECT_EQ(problems_with("      autoscale: {policy: attainment, target: 0.9, max: 12}"),
              Lines{"fleet.yaml:7:57: " + path + ".max: 12 replicas, but there is room for 8"});
    EXPECT_EQ(problems_with("      autoscale: {policy: schedule, hours: [0, 7], replicas: [1]}"),
              Lines{"fleet.yaml:7:62: " + path + ".replicas: 1 numbers for 2 hours; expected one for each"});
    EXPECT_EQ(problems_with("      autoscale: {policy: schedule, hours: [0, 30], replicas: [1, 2]}"),
              Lines{"fleet.yaml:7:44: " + path + ".hours[1]: 30 is not within the period of 24 hours"});
    EXPECT_EQ(problems_with("      autoscale: {policy: schedule, hours: [3, 2], replicas: [1, 2]}"),
              Lines{"fleet.yaml:7:44: " + path + ".hours[1]: 2 does not come after 3; expected rising hours"});
    EXPECT_EQ(problems_with("      autoscale: {policy: schedule, hours: [3, 4], replicas: [1, 2.5]}"),
              Lines{"fleet.yaml:7:62: " + path + ".replicas[1]: expected a whole number, found 2.5"});
}

TEST(Changes, AutoscalingHasItsLimits) {
    const auto limits = [](const std::string& more) {
        return load_text(with("      autoscale: {policy: outstanding, target: 3" + more + "}"))
            .pools[0]
            .autoscale->limits;
    };
    EXPECT_EQ(limits("").least, 1U);
    EXPECT_EQ(limits("").most, 8U);
    EXPECT_EQ(limits("").most_up, 8U);
    EXPECT_EQ(limits("").up_window, SimTime::from_s(30));
    EXPECT_EQ(limits("").down_window, SimTime::from_s(300));
    const control::ScalingLimits given =
        limits(", min: 0, max: 5, spares: 2, max_up: 3, max_down: 1, up_after: 1s, down_after: 2s");
    EXPECT_EQ(given.least, 0U);
    EXPECT_EQ(given.most, 5U);
    EXPECT_EQ(given.spares, 2U);
    EXPECT_EQ(given.most_up, 3U);
    EXPECT_EQ(given.most_down, 1U);
    EXPECT_EQ(given.up_window, SimTime::from_s(1));
    EXPECT_EQ(given.down_window, SimTime::from_s(2));
}

TEST(Changes, ServersSayWhatIsWrong) {
    // Nothing is said of the pools while the servers are wrong.
    EXPECT_EQ(
        problems_with_servers("- {name: shared, gpus: [{gpu: big-gpu, count: 0}, {gpu: big-gpu}, {count: 3}], coun: "
                              "2}"),
        (Lines{"fleet.yaml:4:51: fleet.servers[0].gpus[0].count: expected a whole number from 1 to 1024, found "
               "\"0\"",
               "fleet.yaml:4:55: fleet.servers[0].gpus[1].count: missing; expected a whole number from 1 to 1024",
               "fleet.yaml:4:71: fleet.servers[0].gpus[2].gpu: missing; expected a name",
               "fleet.yaml:4:84: fleet.servers[0].coun: no such key; did you mean \"count\"?"}));
    EXPECT_EQ(
        problems_with_servers("- {gpus: []}"),
        (Lines{"fleet.yaml:4:7: fleet.servers[0].name: missing; expected a text",
               "fleet.yaml:4:14: fleet.servers[0].gpus: expected a list with at least one element, found an empty "
               "list"}));
    EXPECT_EQ(
        problems_with_servers("- {name: shared, gpus: [{gpu: nope, count: 1}]}"),
        Lines{"fleet.yaml:4:35: fleet.servers[0].gpus[0].gpu: no GPU \"nope\" in the catalogue; allowed: big-gpu"});
    EXPECT_EQ(
        problems_with_servers("- {name: shared, gpus: [{gpu: big-gpu, count: 8}], disk_bandwidth: 0GB/s, "
                              "host_memory: -1GB}"),
        (Lines{"fleet.yaml:4:72: fleet.servers[0].disk_bandwidth: expected a bandwidth of at least 1B/s, found "
               "\"0GB/s\"",
               "fleet.yaml:4:92: fleet.servers[0].host_memory: expected an amount of memory of at least 0B, found "
               "\"-1GB\""}));
    const std::string one = "- {name: shared, gpus: [{gpu: big-gpu, count: 8}]}";
    EXPECT_EQ(problems_with_servers(one + "\n    " + one),
              Lines{"fleet.yaml:5:14: fleet.servers[1].name: other servers are called \"shared\", too; expected names "
                    "that differ"});
}

TEST(Changes, PoolsOnServersSayWhatIsWrong) {
    EXPECT_EQ(problems_with("      servers: shared"),
              Lines{"fleet.yaml:7:16: fleet.pools[0].servers: no servers \"shared\"; fleet.servers has none"});
    EXPECT_EQ(
        problems_with("      gpu: big-gpu"),
        Lines{"fleet.yaml:7:12: fleet.pools[0].gpu: chooses among the kinds of servers, which the pool is not on; "
              "expected it within node"});
    EXPECT_EQ(
        problems_of_text(shared("", ", nodes: 3")),
        Lines{"fleet.yaml:7:62: fleet.pools[1].nodes: the pool is on servers, which say what they have; leave out "
              "one of them"});
    EXPECT_EQ(problems_of_text(shared("", ", node: big-node")),
              Lines{"fleet.yaml:7:61: fleet.pools[1].node: the pool is on servers, which say what they have; leave out "
                    "one of them"});
    EXPECT_EQ(problems_of_text(shared(", gpu: small-gpu")),
              Lines{"fleet.yaml:6:60: fleet.pools[0].gpu: servers \"shared\" have no small-gpu; allowed: big-gpu"});
    EXPECT_EQ(problems_of_text(shared(), {"fleet.pools[0].servers=sharde"}),
              Lines{"--set #1 (fleet.pools[0].servers=sharde): fleet.pools[0].servers: no servers \"sharde\"; allowed: "
                    "shared; did you mean \"shared\"?"});
    EXPECT_EQ(problems_of_text(shared(", start: 16", ", start: 1")),
              Lines{"fleet.yaml:7:62: fleet.pools[1].start: 1 replicas, but the pools before leave GPUs for 0"});
}

TEST(Changes, PoolsOnServersShareTheirGpus) {
    const Scenario scenario =
        load_text(shared(", start: 5", ", parallel: {tp: 2}", "",
                         "- {name: shared, count: 2, gpus: [{gpu: big-gpu, count: 8}], disk_bandwidth: 1GB/s, "
                         "host_memory: 2GiB}"));
    const Pool& code = scenario.pools[1];
    EXPECT_EQ(scenario.pools[0].replicas(), 16U);
    EXPECT_EQ(code.replicas(), 8U);
    // Five GPUs of the first server are taken, so the third replica there, on GPUs 4 and 5, finds one taken.
    EXPECT_EQ(code.at_start, (std::vector<Phase>{Phase::Off, Phase::Off, Phase::Off, Phase::Ready, Phase::Ready,
                                                 Phase::Ready, Phase::Ready, Phase::Ready}));
    EXPECT_EQ(code.server.rates.disk_bytes_per_s, 1e9);
    EXPECT_EQ(code.server.host_memory_bytes, 2.0 * (1 << 30));
}

TEST(Changes, ServersAreAsTheFirstNodeTypeWithTheirGpuUnlessSaidOtherwise) {
    const Pool on_nodes = load_text(with("  failures: {}")).pools[0];
    EXPECT_EQ(on_nodes.server.host_memory_bytes, 1024.0 * (1 << 30));
    EXPECT_EQ(on_nodes.server.rates.network_bytes_per_s, 4 * 400e9 / 8);
    EXPECT_EQ(on_nodes.server.rates.disk_bytes_per_s, 6.8e9);
    const Pool told = load_text(scenario_with(6,
                                              "      node: {gpu: big-gpu, host_memory: 3GB, network_bandwidth: "
                                              "4GB/s, host_link: 5GB/s, disk_bandwidth: 6GB/s}\n      start: 1"))
                          .pools[0];
    EXPECT_EQ(told.server.host_memory_bytes, 3e9);
    EXPECT_EQ(told.server.rates.network_bytes_per_s, 4e9);
    EXPECT_EQ(told.server.rates.host_link_bytes_per_s, 5e9);
    EXPECT_EQ(told.server.rates.disk_bytes_per_s, 6e9);
}

TEST(Changes, GatewaysSayWhatIsWrong) {
    const auto problems = [](const std::string& gateways, const std::string& rest = "") {
        return problems_of_text(scenario_with(1, "duration: 10min\ngateways: " + gateways) + rest);
    };
    EXPECT_EQ(problems("{unserved: hold}"),
              Lines{"fleet.yaml:2:22: gateways.unserved: expected one of: wait, provision, reject, found \"hold\""});
    EXPECT_EQ(problems("{unserved: {policy: reject, max_waiting: 3s}}"),
              Lines{"fleet.yaml:2:39: gateways.unserved.max_waiting: no such key; allowed: policy"});
    EXPECT_EQ(problems("{retries: 201, retry_after: 0s}"),
              (Lines{"fleet.yaml:2:21: gateways.retries: expected a whole number from 0 to 200, found \"201\"",
                     "fleet.yaml:2:39: gateways.retry_after: expected a duration of at least 1ns, found \"0s\""}));
    const std::string nobody =
        ": gateways.unserved: provision: nobody would; expected fleet.reprovision or a pool's "
        "autoscale, or wait";
    EXPECT_EQ(problems("{unserved: provision}"), Lines{"fleet.yaml:2:22" + nobody});
    EXPECT_EQ(problems_of_text(with("  failures: {}\ngateways: {unserved: provision}")),
              Lines{"fleet.yaml:8:22" + nobody});
    const Gateways gateways =
        load_text(with("      autoscale: {policy: outstanding, target: 3}\ngateways: {unserved: {policy: provision, "
                       "max_waiting: 3s}, retries: 7, retry_after: 9s}"))
            .gateways;
    EXPECT_TRUE(gateways.hold_unserved);
    EXPECT_TRUE(gateways.tell_demand);
    EXPECT_EQ(gateways.max_waiting, SimTime::from_s(3));
    EXPECT_EQ(gateways.most_retries, 7U);
    EXPECT_EQ(gateways.retry_after, SimTime::from_s(9));
    EXPECT_FALSE(load_text(with("  failures: {}\ngateways: {unserved: reject}")).gateways.hold_unserved);
}

TEST(Changes, NothingChangesUnderCompat) {
    EXPECT_EQ(problems_of_text(with("  failures: {}"), {"compat=vidur"}),
              Lines{"fleet.yaml:3:3: fleet: with compat the fleet does not change; leave out what changes it"});
}

}  // namespace
}  // namespace regatta::scenario
