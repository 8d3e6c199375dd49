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
    read_trace({.path = file.path(), .model = model});
    read_trace({.path = file.path(),
                .rate_scale = 1e-6,
                .window_from = SimTime::from_ns(1),
                .limit = 1000,
                .prompt_scale = 1e3,
                .output_scale = 1e-3,
                .max_tokens = 4096,
                .model = model});
}

}  // namespace regatta::fuzz
