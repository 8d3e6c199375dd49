#include "app/workload_csv.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::app {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string as_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n ") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

}  // namespace

WorkloadCsv::WorkloadCsv(std::string path, std::vector<std::string> stream_names)
    : path_(std::move(path)), temporary_path_(path_ + ".part"), stream_names_(std::move(stream_names)) {
    for (std::string& name : stream_names_)
        name = as_field(name);
    file_ = std::fopen(temporary_path_.c_str(), "wb");
    if (file_ == nullptr) fail();
    line_ = "arrival_s,input_tokens,output_tokens,stream,prefix\n";
    if (std::fwrite(line_.data(), 1, line_.size(), file_) != line_.size()) fail();
}

WorkloadCsv::~WorkloadCsv() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    std::remove(temporary_path_.c_str());
}

void WorkloadCsv::add(const Request& request) {
    line_.clear();
    const std::int64_t ns = request.arrival.ns();
    fmt::format_to(std::back_inserter(line_), "{}.{:09},{},{},{},{}\n", ns / kNsPerSecond, ns % kNsPerSecond,
                   request.prompt_tokens, request.output_tokens, stream_names_[request.stream.index()], request.prefix);
    if (std::fwrite(line_.data(), 1, line_.size(), file_) != line_.size()) fail();
}

void WorkloadCsv::finish() {
    const bool is_whole = std::fflush(file_) == 0;
    if (!is_whole) fail();
    const bool is_closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    if (!is_closed || std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
        const int error = errno;
        std::remove(temporary_path_.c_str());
        errno = error;
        fail();
    }
}

void WorkloadCsv::fail() const {
    throw IoError(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
}

}  // namespace regatta::app
