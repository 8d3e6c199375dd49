#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/routing/admission.hpp"
#include "regatta/routing/admission_registry.hpp"

namespace regatta::routing {

/// Turns a request away when even the replica that was chosen for it has as many requests outstanding as it may have,
/// in the gateway's view: as good as the view, so that the limit may be exceeded by what other gateways sent since.
class QueueLimit final : public Admission {
public:
    explicit QueueLimit(std::uint64_t max_outstanding) : max_outstanding_(max_outstanding) {}
    [[nodiscard]] serving::EndReason at_replica(const Request& request, const Candidates& candidates,
                                                std::uint32_t chosen) override;
    [[nodiscard]] serving::LoadSet looks_at() const override { return {serving::Load::Requests}; }

private:
    std::uint64_t max_outstanding_;
};

[[nodiscard]] std::vector<Parameter> queue_limit_parameters();
[[nodiscard]] std::unique_ptr<Admission> make_queue_limit(const AdmissionTarget& target, const Parameters& parameters);

}  // namespace regatta::routing
