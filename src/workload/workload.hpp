#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "regatta/base/ids.hpp"
#include "regatta/base/time.hpp"
#include "regatta/workload/registry.hpp"
#include "workload/joint_lengths.hpp"
#include "workload/rate_curve.hpp"
#include "workload/request_source.hpp"

namespace regatta::workload {

/// A trace and how to replay it.
struct TraceInput {
    std::string path;
    /// Column names for arrival, prompt tokens, output tokens; empty: known from the header.
    std::map<std::string, std::string> columns;
    double rate_scale = 1.0;  ///< 2: same requests in half the time
    SimTime window_from;      ///< of the trace's own time, before scaling
    SimTime window_to = SimTime::never();
    std::optional<std::uint64_t> limit;  ///< at most so many requests
    double prompt_scale = 1;             ///< scaled lengths are cut to whole tokens, at least 1
    double output_scale = 1;
    std::optional<std::int64_t> max_tokens = {};  ///< of longer requests the prompt is cut, see cut_prompt
    std::string model = {};  ///< requests that ask for it only, where the trace says what they ask for; empty: all
};

/// The ids of a stream's requests begin here: the stream's number stands above 48 bits for the request's own.
inline constexpr int kStreamIndexBits = 48;
[[nodiscard]] constexpr std::uint64_t first_id(StreamId stream) {
    return std::uint64_t{stream.value()} << kStreamIndexBits;
}

/// What a look through a whole trace tells.
struct TraceSummary {
    std::uint64_t requests = 0;
    SimTime last_arrival;  ///< after window and scaling
    double mean_prompt_tokens = 0;
    double mean_output_tokens = 0;
    std::uint64_t longest_request_tokens = 0;  ///< prompt + output
};

/// Reads the trace once from end to end. Throws InputError for the first bad line ("trace.csv:17: ..."), an unknown
/// header, times that go backwards, an empty selection, no such file, damaged compression; IoError when the disk fails.
[[nodiscard]] TraceSummary survey_trace(const TraceInput& input);

/// When the requests of a stream come.
struct ArrivalTerms {
    std::shared_ptr<const ArrivalProcess> whole;  ///< the stream's arrivals; shared by the gateways of one rank
    std::shared_ptr<const ArrivalProcess> share;  ///< one gateway's share (rate / gateways) when it splits freely
    /// The rate of a stream that changes it; then `whole` and `share` are processes of rate 1 and 1 / gateways. None:
    /// the processes have the stream's rate.
    std::shared_ptr<const RateCurve> curve;
    SimTime from;                      ///< the first gap starts here; of later terms: they hold from here on
    SimTime until = SimTime::never();  ///< arrivals before this instant only
    std::optional<std::uint64_t> limit;
};

/// One stream of synthetic traffic.
struct SyntheticStream {
    ArrivalTerms arrivals;
    /// What holds from some instant on in place of what held before, by time. All split freely, or none.
    std::vector<ArrivalTerms> later;
    std::shared_ptr<const LengthDistribution> prompt;
    std::shared_ptr<const LengthDistribution> output;
    std::shared_ptr<const JointLengths> joint;  ///< none: prompt and output are drawn each by itself
    double correlation = 0;                     ///< of prompt and output, -1 to 1: docs of correlated()
};

/// Where the requests of one stream come from.
using StreamTraffic = std::variant<SyntheticStream, TraceInput>;

/// Makes the sources of the gateways that live on one rank. Request `i` of a trace goes to gateway i mod `gateways`,
/// counting selected rows; its id is the row's number in the file, above first_id of its stream. A gateway's requests
/// are the same whichever other gateways the instance serves.
/// Sources made by one instance share one reader per trace (each is parsed once per rank) and hold buffers only as deep
/// as their gateways' clocks are apart.
class Workload {
public:
    /// Element i is StreamId(i).
    Workload(std::vector<StreamTraffic> streams, std::uint32_t gateways, std::uint64_t seed);
    ~Workload();
    Workload(const Workload&) = delete;
    Workload& operator=(const Workload&) = delete;

    /// The requests of `gateway`; each gateway once, and all of them before the first one draws. The source must not
    /// outlive the workload.
    [[nodiscard]] std::unique_ptr<RequestSource> source_for(GatewayId gateway);
    /// Requests read or drawn for gateways that have not asked for them yet.
    [[nodiscard]] std::uint64_t buffered() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace regatta::workload
