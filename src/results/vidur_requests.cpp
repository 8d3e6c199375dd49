#include "results/vidur_requests.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "results/text_file.hpp"
#include "results/vidur_plots.hpp"

namespace regatta::results::vidur {
namespace {

using serving::RequestRecord;

/// What a metric is computed from.
struct Facts {
    const RequestRecord& request;
    std::optional<std::int64_t> inter_arrival_ns;  ///< none: the first

    [[nodiscard]] double arrival_to_end() const { return seconds(request.arrival_ns, request.end_ns); }
    [[nodiscard]] double scheduled_to_end() const { return seconds(request.scheduled_ns, request.end_ns); }
    [[nodiscard]] double scheduled_to_first() const { return seconds(request.scheduled_ns, request.first_token_ns); }
    [[nodiscard]] double per_output(double value) const { return value / request.output_tokens; }
    [[nodiscard]] static double seconds(std::int64_t from_ns, std::int64_t to_ns) {
        return static_cast<double>(to_ns - from_ns) / kSecond;
    }
};

struct Metric {
    const char* name;
    double (*of)(const Facts& facts);
};

// In Vidur's order. It has these three more, which need to know what steps a request was part of:
// request_execution_time, request_model_execution_time (both also normalized), request_preemption_time.
constexpr std::array kTimes = {
    Metric{"request_e2e_time", [](const Facts& facts) { return facts.arrival_to_end(); }},
    Metric{"request_e2e_time_normalized", [](const Facts& facts) { return facts.per_output(facts.arrival_to_end()); }},
    Metric{"request_scheduling_delay",
           [](const Facts& facts) { return Facts::seconds(facts.request.arrival_ns, facts.request.scheduled_ns); }},
    Metric{"request_execution_plus_preemption_time", [](const Facts& facts) { return facts.scheduled_to_end(); }},
    Metric{"request_execution_plus_preemption_time_normalized",
           [](const Facts& facts) { return facts.per_output(facts.scheduled_to_end()); }},
    Metric{"prefill_e2e_time",
           [](const Facts& facts) { return Facts::seconds(facts.request.arrival_ns, facts.request.first_token_ns); }},
    Metric{"prefill_time_execution_plus_preemption", [](const Facts& facts) { return facts.scheduled_to_first(); }},
    Metric{"prefill_time_execution_plus_preemption_normalized",
           [](const Facts& facts) { return facts.scheduled_to_first() / facts.request.prompt_tokens; }},
    Metric{"decode_time_execution_plus_preemption_normalized",
           [](const Facts& facts) {
               return facts.per_output(Facts::seconds(facts.request.first_token_ns, facts.request.end_ns));
           }},
};

void put_request(TextFile& file, const Facts& facts) {
    const RequestRecord& request = facts.request;
    const bool is_finished = request.state == serving::EndState::Finished;
    file.put("{}", request.request_id);
    for (const Metric& metric : kTimes)
        file.put(",{}", is_finished ? fmt::format("{}", metric.of(facts)) : "");
    const std::uint64_t tokens = std::uint64_t{request.prompt_tokens} + request.requested_output_tokens;
    file.put(",{},{},{},{},{},{}\n",
             facts.inter_arrival_ns ? fmt::format("{}", static_cast<double>(*facts.inter_arrival_ns) / kSecond) : "",
             tokens, request.prompt_tokens, request.requested_output_tokens,
             static_cast<double>(request.prompt_tokens) / request.requested_output_tokens,
             is_finished ? fmt::format("{}", request.preemptions) : "");
}

void write_table(const std::string& directory, const std::vector<RequestRecord>& requests) {
    TextFile file(directory + "/request_metrics.csv");
    file.put("Request Id");
    for (const Metric& metric : kTimes)
        file.put(",{}", metric.name);
    file.put(
        ",request_inter_arrival_delay,request_num_tokens,request_num_prefill_tokens,request_num_decode_tokens,"
        "request_pd_ratio,request_num_restarts\n");
    std::optional<std::int64_t> last_ns;
    for (const RequestRecord& request : requests) {
        Facts facts{.request = request, .inter_arrival_ns = {}};
        if (last_ns) facts.inter_arrival_ns = request.arrival_ns - *last_ns;
        last_ns = request.arrival_ns;
        put_request(file, facts);
    }
    file.close();
}

void write_plots(const std::string& directory, const std::vector<RequestRecord>& requests) {
    for (const Metric& metric : kTimes) {
        std::vector<RequestValue> values;
        for (const RequestRecord& request : requests)
            if (request.state == serving::EndState::Finished)
                values.push_back({request.request_id, metric.of({.request = request, .inter_arrival_ns = {}})});
        write_cdf(directory, metric.name, std::move(values));
    }
    std::vector<Count> arrivals;
    std::vector<Count> completions;
    std::vector<Count> prefills;
    for (const RequestRecord& request : requests) {
        arrivals.push_back({request.arrival_ns, 1});
        if (request.first_token_ns != serving::kNoTime)
            prefills.push_back({request.first_token_ns, request.prompt_tokens});
        if (request.state == serving::EndState::Finished) completions.push_back({request.end_ns, 1});
    }
    write_time_series(directory, "request_arrival", std::move(arrivals));
    write_time_series(directory, "request_completion", std::move(completions));
    write_time_series(directory, "prefill_completion", std::move(prefills));
}

}  // namespace

void write_request_metrics(const std::string& directory, std::vector<RequestRecord> requests) {
    std::sort(requests.begin(), requests.end(), [](const RequestRecord& a, const RequestRecord& b) {
        return std::tie(a.arrival_ns, a.request_id) < std::tie(b.arrival_ns, b.request_id);
    });
    write_table(directory, requests);
    write_plots(directory + "/plots", requests);
}

}  // namespace regatta::results::vidur
