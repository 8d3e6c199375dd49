#include "results/export_requests.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "regatta/base/errors.hpp"
#include "results/end_names.hpp"

namespace regatta::results {
namespace {

using serving::EndState;
using serving::RequestRecord;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

void put_seconds(std::string& line, std::int64_t ns) {
    fmt::format_to(std::back_inserter(line), "{}.{:09}", ns / kNsPerSecond, ns % kNsPerSecond);
}

/// From one instant to another, or nothing where the request did not get so far.
void put_span(std::string& line, std::int64_t from_ns, std::int64_t to_ns) {
    line += ',';
    if (from_ns != serving::kNoTime && to_ns != serving::kNoTime) put_seconds(line, to_ns - from_ns);
}

void put_instant(std::string& line, std::int64_t ns) {
    put_span(line, 0, ns);
}

/// Names are quoted where CSV needs it (RFC 4180).
std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string result = "\"";
    for (const char character : text) {
        if (character == '"') result += '"';
        result += character;
    }
    return result + '"';
}

void put_line(std::string& line, const RequestRecord& record, const RunDescription& run) {
    const bool has_replica = record.replica != serving::kNoReplica;
    fmt::format_to(std::back_inserter(line), "{},{},{},{},{},{},{},{},{},{}", record.request_id,
                   quoted(run.streams.at(record.stream).name),
                   has_replica ? quoted(run.pools.at(record.pool).name) : "",
                   has_replica ? fmt::format("{}", record.replica) : "", record.gateway, state_name(record.state),
                   record.prompt_tokens, record.output_tokens, record.requested_output_tokens, record.preemptions);
    for (const std::int64_t instant :
         {record.arrival_ns, record.received_ns, record.scheduled_ns, record.first_token_ns, record.end_ns})
        put_instant(line, instant);
    const bool is_finished = record.state == EndState::Finished;
    put_span(line, record.arrival_ns, record.scheduled_ns);
    put_span(line, record.arrival_ns, record.first_token_ns);
    line += ',';
    if (const std::int64_t gaps = std::int64_t{record.output_tokens} - 1; is_finished && gaps > 0)
        put_seconds(line, (record.end_ns - record.first_token_ns + gaps / 2) / gaps);
    put_span(line, is_finished ? record.arrival_ns : serving::kNoTime, record.end_ns);
    fmt::format_to(std::back_inserter(line), ",{},{},", reason_name(record.reason), record.retries);
    put_seconds(line, record.preempted_ns);
    line += '\n';
}

void write_out(std::string& text, std::FILE* out) {
    if (std::fwrite(text.data(), 1, text.size(), out) != text.size())
        throw IoError(fmt::format("requests: cannot be written: {}", std::generic_category().message(errno)));
    text.clear();
}

}  // namespace

std::int64_t write_requests_csv(const ResultReader& results, const RequestSelection& selection, std::FILE* out) {
    const RequestFilter filter(selection, results);
    std::string text =
        "request_id,stream,pool,replica,gateway,state,prompt_tokens,output_tokens,requested_output_tokens,preemptions,"
        "arrival_s,received_s,scheduled_s,first_token_s,end_s,queueing_s,ttft_s,tpot_s,e2e_s,reason,retries,"
        "preempted_s\n";
    std::int64_t count = 0;
    results.visit_requests([&](std::span<const RequestRecord> rows) {
        for (const RequestRecord& record : rows) {
            if (!filter.takes(record)) continue;
            ++count;
            put_line(text, record, results.run());
        }
        write_out(text, out);
    });
    write_out(text, out);
    return count;
}

}  // namespace regatta::results
