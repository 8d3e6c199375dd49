#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "scenario/assembly.hpp"
#include "scenario/decode.hpp"

namespace regatta::scenario {

namespace {

serving::FailureLaw law_of(const Reading& reading) {
    return {.mtbf_s = reading.values.duration("mtbf").seconds(),
            .mttr_s = reading.values.duration("mttr").seconds(),
            .shape = reading.values.real("shape"),
            .repair_shape = reading.values.real("repair_shape")};
}

}  // namespace

/// The pool that a change names; none after telling that there is no such.
std::optional<std::uint16_t> Assembly::pool_named(const Reading& reading) {
    std::vector<std::string> names;
    for (const Pool& pool : scenario_.pools)
        names.push_back(pool.name);
    const std::string& name = reading.values.word("pool");
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<std::uint16_t>(found - names.begin());
    problems_.add(reading.place_of("pool"), reading.path_of("pool"),
                  fmt::format("no pool \"{}\"; allowed: {}{}", name, join(names), did_you_mean(name, names)));
    return std::nullopt;
}

void Assembly::assemble_failures(Reading& reading) {
    Failures& failures = scenario_.changes.failures;
    for (const auto& [key, law] :
         {std::pair{"gpu", &failures.gpu}, {"node", &failures.node}, {"rack", &failures.rack}}) {
        const auto found = reading.maps.find(key);
        if (found == reading.maps.end() || !found->second.is_sound) continue;
        *law = law_of(found->second);
        if (found->second.has("nodes"))
            failures.nodes_per_rack = static_cast<std::uint32_t>(found->second.values.count("nodes"));
        if (!scenario_.duration && root_.refused.count("duration") == 0)
            problems_.add(found->second.place, found->second.path,
                          "failures by chance need a duration, which they strike within; give one, or a script");
    }
    for (const Reading& scripted : reading.lists["script"])
        if (scripted.is_sound) assemble_outage(scripted);
    std::stable_sort(failures.script.begin(), failures.script.end(),
                     [](const auto& a, const auto& b) { return a.outage.from < b.outage.from; });
}

void Assembly::assemble_outage(const Reading& reading) {
    const auto pool = pool_named(reading);
    if (!pool || !sound_pools_[*pool]) return;
    const Pool& facts = scenario_.pools[*pool];
    const auto node = static_cast<std::uint32_t>(reading.values.count("node"));
    if (node >= facts.nodes) {
        problems_.add(reading.place_of("node"), reading.path_of("node"),
                      fmt::format("node {}, but pool \"{}\" has {}, numbered from 0", node, facts.name, facts.nodes));
        return;
    }
    std::optional<std::uint32_t> gpu;
    const std::uint32_t gpus = facts.servers ? scenario_.servers[*facts.servers].gpus_each() : facts.gpus_per_node;
    if (reading.has("gpu")) gpu = static_cast<std::uint32_t>(reading.values.count("gpu"));
    if (gpu && *gpu >= gpus) {
        problems_.add(reading.place_of("gpu"), reading.path_of("gpu"),
                      fmt::format("GPU {}, but a node has {}, numbered from 0", *gpu, gpus));
        return;
    }
    const SimTime from = reading.values.duration("at");
    scenario_.changes.failures.script.push_back(
        {.pool = *pool, .node = node, .gpu = gpu, .outage = {from, from + reading.values.duration("for")}});
}

}  // namespace regatta::scenario
