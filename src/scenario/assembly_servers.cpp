#include <algorithm>

#include <fmt/format.h>

#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {

namespace {

// Of servers of which the catalogue knows nothing, and the user has not said more.
// Source: Samsung PM9A3 2.5" datasheet: sequential read of one drive.
constexpr double kDisk_bytes_per_s = 6.8e9;
// Source: PCIe 4.0 x16, one direction; configs/catalogue/links.yaml.
constexpr double kHostLink_bytes_per_s = 31.5e9;
// Source: one port of 100 Gbit Ethernet.
constexpr double kNetwork_bytes_per_s = 12.5e9;
// Assumption: what 8-GPU servers have at least.
constexpr double kHostMemory_bytes = 512.0 * (1ULL << 30);

// As many as pools and replicas.
constexpr std::size_t kMostKinds = 2000;
constexpr std::uint64_t kMostGpus = 10'000'000;

}  // namespace

/// What is given, else what the node type says, else what the first node type with this GPU says.
void Assembly::find_server_facts(Reading& reading, const std::string& gpu, ServerFacts& facts) {
    const Catalogue<hardware::NodeType>& types = catalogue_.nodes();
    const bool has_type = reading.path.ends_with(".node") && reading.has("name");
    const auto type = std::find_if(types.begin(), types.end(), [&](const auto& entry) {
        return has_type ? entry.name == reading.values.word("name") : entry.facts.gpu == gpu;
    });
    const bool is_known = type != types.end();
    const auto take = [&](const char* key, double of_type, double otherwise, bool is_bytes) {
        if (!reading.has(key)) {
            const double value = is_known && of_type > 0 ? of_type : otherwise;
            if (is_bytes)
                reading.values.set(key, static_cast<std::int64_t>(value));
            else
                reading.values.set(key, value);
        }
        return is_bytes ? static_cast<double>(reading.values.count(key)) : reading.values.real(key);
    };
    const hardware::NodeType known = is_known ? type->facts : hardware::NodeType();
    facts.host_memory_bytes = take("host_memory", known.host_memory_bytes, kHostMemory_bytes, true);
    facts.rates.disk_bytes_per_s = take("disk_bandwidth", 0, kDisk_bytes_per_s, false);
    facts.rates.host_link_bytes_per_s = take("host_link", known.host_link_bytes_per_s, kHostLink_bytes_per_s, false);
    facts.rates.network_bytes_per_s =
        take("network_bandwidth", known.nics * known.nic_bytes_per_s, kNetwork_bytes_per_s, false);
}

void Assembly::assemble_servers() {
    const auto fleet = root_.maps.find("fleet");
    if (fleet == root_.maps.end()) return;
    std::vector<Reading>& all = fleet->second.lists["servers"];
    if (all.size() > kMostKinds) {
        problems_.add(fleet->second.place_of("servers"), fleet->second.path_of("servers"),
                      fmt::format("{} kinds of servers; expected at most {}", all.size(), kMostKinds));
        scenario_.servers.emplace_back();  // without a name, so that pools are not told that there is none
        return;
    }
    std::uint64_t gpus_in_all = 0;
    for (Reading& reading : all) {
        Servers& servers = scenario_.servers.emplace_back();
        if (!reading.is_sound) continue;
        servers.name = reading.values.word("name");
        for (std::size_t i = 0; i + 1 < scenario_.servers.size(); ++i)
            if (scenario_.servers[i].name == servers.name)
                problems_.add(
                    reading.place_of("name"), reading.path_of("name"),
                    fmt::format("other servers are called \"{}\", too; expected names that differ", servers.name));
        servers.count = static_cast<std::uint32_t>(reading.values.count("count"));
        for (Reading& of_one_kind : reading.lists.at("gpus")) {
            Servers::Gpus gpus;
            if (!of_one_kind.is_sound || !find_gpu(of_one_kind.maps.at("gpu"), gpus.gpu)) continue;
            gpus.count = static_cast<std::uint32_t>(of_one_kind.values.count("count"));
            gpus.first = servers.gpus_each();
            servers.gpus.push_back(gpus);
        }
        const std::uint64_t before = gpus_in_all;
        gpus_in_all += std::uint64_t{servers.count} * servers.gpus_each();
        if (before <= kMostGpus && gpus_in_all > kMostGpus)
            problems_.add(reading.place_of("count"), reading.path_of("count"),
                          fmt::format("makes {} GPUs in all; expected at most {}", gpus_in_all, kMostGpus));
        if (gpus_in_all > kMostGpus) servers.count = 1;  // that was told, and is not to take memory
        if (!servers.gpus.empty()) find_server_facts(reading, servers.gpus.front().gpu.name, servers.facts);
    }
}

/// The pool's GPUs are some of those of servers that others use, too.
bool Assembly::place_on_servers(Reading& reading, Pool& pool) {
    const std::string& name = reading.values.word("servers");
    std::vector<std::string> names;
    for (const Servers& servers : scenario_.servers)
        names.push_back(servers.name);
    const auto found = std::find(names.begin(), names.end(), name);
    // Servers of which something else is wrong may be those that are meant.
    if (found == names.end() && std::find(names.begin(), names.end(), std::string()) != names.end()) return false;
    if (found == names.end()) {
        problems_.add(reading.place_of("servers"), reading.path_of("servers"),
                      names.empty() ? fmt::format("no servers \"{}\"; fleet.servers has none", name)
                                    : fmt::format("no servers \"{}\"; allowed: {}{}", name, join(names),
                                                  did_you_mean(name, names)));
        return false;
    }
    for (const char* key : {"node", "nodes"}) {
        if (reading.given.count(key) == 0) continue;
        if (key == std::string("node") && reading.maps.count(key) == 0) continue;  // it is none
        if (key == std::string("nodes") &&
            reading.values.count("nodes") == scenario_.servers[static_cast<std::size_t>(found - names.begin())].count)
            continue;
        problems_.add(reading.place_of(key), reading.path_of(key),
                      "the pool is on servers, which say what they have; leave out one of them");
        return false;
    }
    pool.servers = static_cast<std::uint32_t>(found - names.begin());
    const Servers& servers = scenario_.servers[*pool.servers];
    std::vector<std::string> kinds;
    for (const Servers::Gpus& gpus : servers.gpus)
        kinds.push_back(gpus.gpu.name);
    if (kinds.empty()) return false;  // and that was told
    if (!reading.has("gpu") && kinds.size() > 1) {
        problems_.add(
            reading.place, reading.path_of("gpu"),
            fmt::format("missing; servers \"{}\" have several kinds: expected one of: {}", name, join(kinds)));
        return false;
    }
    if (!reading.has("gpu")) reading.values.set("gpu", kinds.front());
    const std::string& kind = reading.values.word("gpu");
    const auto own = std::find(kinds.begin(), kinds.end(), kind);
    if (own == kinds.end()) {
        problems_.add(reading.place_of("gpu"), reading.path_of("gpu"),
                      fmt::format("servers \"{}\" have no {}; allowed: {}{}", name, kind, join(kinds),
                                  did_you_mean(kind, kinds)));
        return false;
    }
    const Servers::Gpus& gpus = servers.gpus[static_cast<std::size_t>(own - kinds.begin())];
    pool.gpu = gpus.gpu;
    pool.gpus_per_node = gpus.count;
    pool.first_gpu = gpus.first;
    pool.server = servers.facts;
    reading.values.set("nodes", std::int64_t{servers.count});
    return true;
}

}  // namespace regatta::scenario
