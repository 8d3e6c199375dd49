#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "regatta/workload/request.hpp"

namespace regatta::app {

/// Requests as a trace in the plain format: arrival_s with nine decimals, which is exact, input_tokens, output_tokens,
/// stream (its name) and prefix (a handle, 0: none). The file gets its name when it is whole.
class WorkloadCsv {
public:
    /// Throws IoError when the file cannot be written.
    WorkloadCsv(std::string path, std::vector<std::string> stream_names);
    ~WorkloadCsv();
    WorkloadCsv(const WorkloadCsv&) = delete;
    WorkloadCsv& operator=(const WorkloadCsv&) = delete;

    void add(const Request& request);
    /// Throws IoError when not everything could be written.
    void finish();

private:
    [[noreturn]] void fail() const;

    std::string path_;
    std::string temporary_path_;
    std::vector<std::string> stream_names_;  // as fields of a CSV file
    std::string line_;
    std::FILE* file_ = nullptr;  // owned
};

}  // namespace regatta::app
