#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "regatta/base/parameters.hpp"
#include "regatta/routing/admission.hpp"
#include "regatta/routing/admission_registry.hpp"
#include "routing/token_bucket.hpp"

namespace regatta::routing {

/// What providers of an API call requests and tokens per minute: a request of the class is turned away when the
/// gateway's part of the requests, or of the tokens, is used up. A request takes its prompt and the answer that it asks
/// for, all at once and before it is served; nothing is given back.
///
/// Gateways do not tell each other what they let in: each has an equal part of rate and burst. A request that is larger
/// than a gateway's part of the burst is never let in.
class RateLimit final : public Admission {
public:
    struct Options {
        std::vector<bool> is_limited;  ///< by stream
        std::optional<TokenBucket::Options> requests;
        std::optional<TokenBucket::Options> tokens;
    };
    explicit RateLimit(const Options& options);

    [[nodiscard]] serving::EndReason at_gateway(const Request& request, SimTime now) override;
    void let_in(const Request& request, SimTime now) override;
    void save(OutArchive& archive) const override;
    void load(InArchive& archive) override;

private:
    std::vector<bool> is_limited_;
    std::optional<TokenBucket> requests_;
    std::optional<TokenBucket> tokens_;
};

[[nodiscard]] std::vector<Parameter> rate_limit_parameters();
/// Throws InputError when nothing is limited, a burst is missing or less than one for each gateway, or no stream is of
/// the class.
[[nodiscard]] std::unique_ptr<Admission> make_rate_limit(const AdmissionTarget& target, const Parameters& parameters);

}  // namespace regatta::routing
