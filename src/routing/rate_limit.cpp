#include "routing/rate_limit.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"

namespace regatta::routing {

namespace {

constexpr double kLeastRatePerS = 1.0 / 86'400;  // one a day
constexpr double kMostRatePerS = 1e12;
constexpr double kMostBurst = 1e12;

std::int64_t tokens_of(const Request& request) {
    return std::int64_t{request.prompt_tokens} + request.output_tokens;
}

}  // namespace

RateLimit::RateLimit(const Options& options) : is_limited_(options.is_limited) {
    if (options.requests) requests_.emplace(*options.requests);
    if (options.tokens) tokens_.emplace(*options.tokens);
}

serving::EndReason RateLimit::at_gateway(const Request& request, SimTime now) {
    if (!is_limited_.at(request.stream.index())) return serving::EndReason::None;
    const bool has_request = !requests_ || requests_->holds(1, now);
    const bool has_tokens = !tokens_ || tokens_->holds(tokens_of(request), now);
    return has_request && has_tokens ? serving::EndReason::None : serving::EndReason::RateLimited;
}

void RateLimit::let_in(const Request& request, SimTime /*now*/) {
    if (!is_limited_.at(request.stream.index())) return;
    if (requests_) requests_->take(1);
    if (tokens_) tokens_->take(tokens_of(request));
}

void RateLimit::save(OutArchive& archive) const {
    if (requests_) archive << *requests_;
    if (tokens_) archive << *tokens_;
}

void RateLimit::load(InArchive& archive) {
    if (requests_) archive >> *requests_;
    if (tokens_) archive >> *tokens_;
}

std::vector<Parameter> rate_limit_parameters() {
    const auto rate = [](const char* key, const char* sentence) {
        return Parameter{.key = key,
                         .kind = ParameterKind::Rate,
                         .least = kLeastRatePerS,
                         .most = kMostRatePerS,
                         .sentence = sentence};
    };
    const auto burst = [](const char* key, const char* sentence) {
        return Parameter{
            .key = key, .kind = ParameterKind::Count, .least = 1, .most = kMostBurst, .sentence = sentence};
    };
    return {
        {.key = "class", .kind = ParameterKind::Word, .sentence = "class of service that is limited; none: everything"},
        rate("requests", "requests let in, over all gateways, each of which has an equal part; none: no limit"),
        burst("burst", "requests that may come at once, over all gateways; needed with requests"),
        rate("tokens", "tokens let in, prompt and asked-for answer, over all gateways; none: no limit"),
        burst("token_burst",
              "tokens that may come at once, over all gateways, and so the largest request that is ever let in; "
              "needed with tokens")};
}

std::unique_ptr<Admission> make_rate_limit(const AdmissionTarget& target, const Parameters& parameters) {
    std::vector<std::string> problems;
    RateLimit::Options options;
    const bool has_class = parameters.has("class");
    const std::string name = has_class ? parameters.word("class") : "";
    for (const std::string& of_stream : target.class_of_stream)
        options.is_limited.push_back(!has_class || of_stream == name);
    if (std::find(options.is_limited.begin(), options.is_limited.end(), true) == options.is_limited.end()) {
        const std::set<std::string> known(target.class_of_stream.begin(), target.class_of_stream.end());
        const std::vector<std::string> names(known.begin(), known.end());
        std::string allowed;
        for (const std::string& one : names)
            allowed += (allowed.empty() ? "" : ", ") + one;
        problems.push_back("class: no stream is of class \"" + name + "\"; allowed: " + allowed +
                           did_you_mean(name, names));
    }
    const auto take = [&](const std::string& rate, const std::string& burst,
                          std::optional<TokenBucket::Options>& bucket) {
        if (!parameters.has(rate) && !parameters.has(burst)) return;
        if (!parameters.has(rate) || !parameters.has(burst)) {
            const bool has_rate = parameters.has(rate);
            problems.push_back((has_rate ? rate : burst) + ": means nothing without " + (has_rate ? burst : rate) +
                               "; give both or neither");
            return;
        }
        bucket = {.rate_per_s = parameters.real(rate), .burst = parameters.count(burst), .buckets = target.gateways};
        if (bucket->burst < target.gateways)
            problems.push_back(
                burst + ": " + std::to_string(bucket->burst) + " over " + std::to_string(target.gateways) +
                " gateways leave each less than one; expected at least " + std::to_string(target.gateways));
    };
    take("requests", "burst", options.requests);
    take("tokens", "token_burst", options.tokens);
    if (!options.requests && !options.tokens && problems.empty())
        problems.push_back("nothing is limited; expected requests and burst, or tokens and token_burst");
    if (!problems.empty()) throw InputError(problems);
    return std::make_unique<RateLimit>(options);
}

}  // namespace regatta::routing
