#include "workload/scratchpad_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "regatta/base/errors.hpp"
#include "workload/json_depth.hpp"
#include "workload/text_lines.hpp"
#include "workload/trace_values.hpp"

namespace regatta::workload {
namespace {

using Json = nlohmann::json;

/// Each becomes a pool or a stream.
constexpr std::size_t kMostModels = 10'000;

/// Reads line after line, and tells of the first that is wrong.
class Reader {
public:
    Reader(std::string path, ScratchpadTimes times) : path_(std::move(path)), times_(times) {}

    /// `number` is the line's in the file, from 1.
    void add(std::string_view line, std::int64_t number) {
        number_ = number;
        const std::uint64_t index = requests_.lines++;
        if (too_deep_at(line)) fail(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
        const Json row = Json::parse(line, nullptr, false);
        if (!row.is_object())
            fail(
                fmt::format("expected a JSON object with model, reported_token_input and reported_token_output, found "
                            "\"{}\"",
                            shown(line)));
        const std::int64_t prompt = tokens(row, "reported_token_input");
        const std::int64_t output = tokens(row, "reported_token_output");
        const auto model = row.find("model");
        if (model == row.end() || !model->is_string() || model->get_ref<const std::string&>().empty())
            fail(fmt::format("model: expected a name, found {}", found_in(row, "model")));
        if (prompt <= 0 || output <= 0) return;
        requests_.rows.push_back({.line = index,
                                  .time_ns = times_ == ScratchpadTimes::Recorded ? created(row) : 0,
                                  .prompt_tokens = static_cast<std::uint32_t>(prompt),
                                  .output_tokens = static_cast<std::uint32_t>(output),
                                  .model = model_index(model->get<std::string>())});
    }

    [[nodiscard]] ScratchpadRequests take() {
        if (requests_.lines == 0) throw InputError(fmt::format("{}: the file has no requests", path_));
        if (requests_.rows.empty())
            throw InputError(fmt::format(
                "{}: no request has tokens: of each line reported_token_input or reported_token_output is 0 or less",
                path_));
        return std::move(requests_);
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw InputError(fmt::format("{}:{}: {}", path_, number_, problem));
    }
    static std::string found_in(const Json& row, const char* key) {
        const auto found = row.find(key);
        return found == row.end() ? "nothing" : shown(found->dump());
    }
    std::int64_t tokens(const Json& row, const char* key) const {
        const auto found = row.find(key);
        const bool is_whole = found != row.end() && found->is_number_integer();
        if (!is_whole || found->get<double>() > static_cast<double>(kMostTraceTokens))
            fail(fmt::format("{}: expected a whole number of at most {}, found {}", key, kMostTraceTokens,
                             found_in(row, key)));
        return found->get<std::int64_t>();
    }
    std::int64_t created(const Json& row) const {
        const auto found = row.find("created_at");
        const auto time = found != row.end() && found->is_string()
                              ? parse_timestamp_ns(found->get_ref<const std::string&>())
                              : std::nullopt;
        if (!time)
            fail(fmt::format("created_at: expected a date such as \"2024-07-17 13:56:49.399\", found {}",
                             found_in(row, "created_at")));
        return *time;
    }
    std::uint32_t model_index(const std::string& name) {
        const auto [known, is_new] = models_.emplace(name, static_cast<std::uint32_t>(models_.size()));
        if (!is_new) return known->second;
        if (models_.size() > kMostModels) fail(fmt::format("model: expected at most {} different ones", kMostModels));
        requests_.models.push_back(name);
        return known->second;
    }

    std::string path_;
    ScratchpadTimes times_;
    std::int64_t number_ = 0;
    ScratchpadRequests requests_;
    std::unordered_map<std::string, std::uint32_t> models_;  ///< the index of each
};

void keep_model(ScratchpadRequests& requests, const std::string& model, const std::string& path) {
    const auto known = std::find(requests.models.begin(), requests.models.end(), model);
    if (known == requests.models.end()) {
        std::string others;
        for (const std::string& name : requests.models)
            others += (others.empty() ? "" : ", ") + name;
        throw InputError(fmt::format("{}: no request asks for {}; asked for: {}", path, model, shown(others)));
    }
    const auto wanted = static_cast<std::uint32_t>(known - requests.models.begin());
    std::erase_if(requests.rows, [wanted](const ScratchpadRow& row) { return row.model != wanted; });
}

}  // namespace

ScratchpadRequests read_scratchpad(const std::string& path, std::string_view text, ScratchpadTimes times) {
    Reader reader(path, times);
    std::int64_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) reader.add(line, number);
    }
    return reader.take();
}

bool is_scratchpad_line(std::string_view line) {
    return line.find("\"reported_token_") != std::string_view::npos ||
           line.find("\"created_at\"") != std::string_view::npos;
}

ScratchpadTrace::ScratchpadTrace(const std::string& path, const std::string& model) : path_(path) {
    Reader reader(path, ScratchpadTimes::Recorded);
    TextLines lines(path);
    while (lines.next())
        reader.add(lines.line(), lines.number());
    requests_ = reader.take();
    const auto is_earlier = [](const ScratchpadRow& a, const ScratchpadRow& b) {
        return std::tie(a.time_ns, a.line) < std::tie(b.time_ns, b.line);
    };
    // Time 0 is the earliest of all models', so that those told apart stay in step.
    std::sort(requests_.rows.begin(), requests_.rows.end(), is_earlier);
    const std::int64_t first_ns = requests_.rows.front().time_ns;
    if (requests_.rows.back().time_ns - first_ns > kMostTraceSeconds * 1'000'000'000)
        throw InputError(fmt::format("{}: request {}: created_at is more than {} s after the earliest one", path,
                                     requests_.rows.back().line, kMostTraceSeconds));
    for (ScratchpadRow& row : requests_.rows)
        row.time_ns -= first_ns;
    if (!model.empty()) keep_model(requests_, model, path);
}

std::optional<OwnRow> ScratchpadTrace::next() {
    if (next_ == requests_.rows.size()) return std::nullopt;
    const ScratchpadRow& row = requests_.rows[next_++];
    OwnRow own;
    own.time_ns = row.time_ns;
    own.prompt_tokens = row.prompt_tokens;
    own.output_tokens = row.output_tokens;
    own.number = row.line;
    return own;
}

std::string ScratchpadTrace::at_line(std::string_view problem) const {
    return fmt::format("{}: request {}: {}", path_, requests_.rows[next_ - 1].line, problem);
}

std::string ScratchpadTrace::arrival_text() const {
    return "created_at";
}

}  // namespace regatta::workload
