#pragma once

#include <string_view>

#include "hostile.hpp"
#include "memory_file.hpp"
#include "workload/trace_reader.hpp"

namespace regatta::fuzz {

inline void read_trace(const workload::TraceInput& input) {
    read_or_refuse([&] {
        workload::TraceReader reader(input);
        while (reader.next()) {
        }
    });
}

/// As it is, and cut, stretched and scaled as far as a scenario may ask.
inline void read_trace_in_every_way(std::string_view bytes, const std::string& model = {}) {
    const MemoryFile file(bytes);
    workload::TraceInput input;
    input.path = file.path();
    input.model = model;
    read_trace(input);
    input.rate_scale = 1e-6;
    input.window_from = SimTime::from_ns(1);
    input.limit = 1000;
    input.prompt_scale = 1e3;
    input.output_scale = 1e-3;
    input.max_tokens = 4096;
    read_trace(input);
}

}  // namespace regatta::fuzz
