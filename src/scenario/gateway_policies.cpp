#include "scenario/gateway_policies.hpp"

#include "regatta/base/errors.hpp"
#include "regatta/routing/registry.hpp"
#include "scenario/router_target.hpp"

namespace regatta::scenario {

std::unique_ptr<routing::Router> make_router(const Scenario& scenario, const Registries& registries,
                                             std::span<const std::uint16_t> pools, std::uint32_t gateway) {
    const auto* router = registries.routers.find(scenario.gateways.router.name);
    REGATTA_CHECK(router != nullptr, "an unknown policy passed the checks");
    return router->make(router_target(scenario, pools, gateway), scenario.gateways.router.parameters);
}

std::unique_ptr<routing::Admission> make_admission(const Scenario& scenario, const Registries& registries,
                                                   const PolicyChoice& choice) {
    routing::AdmissionTarget target{.class_of_stream = {}, .gateways = scenario.gateways.count};
    for (const Stream& stream : scenario.streams)
        target.class_of_stream.push_back(stream.traffic_class);
    const auto* admission = registries.admissions.find(choice.name);
    REGATTA_CHECK(admission != nullptr, "an unknown policy passed the checks");
    return admission->make(target, choice.parameters);
}

serving::LoadSet loads_looked_at(const Scenario& scenario, const Registries& registries) {
    serving::LoadSet loads;
    for (const Stream& stream : scenario.streams)
        loads |= make_router(scenario, registries, stream.pools, 0)->looks_at();
    for (const PolicyChoice& choice : scenario.gateways.admissions)
        loads |= make_admission(scenario, registries, choice)->looks_at();
    return loads;
}

}  // namespace regatta::scenario
