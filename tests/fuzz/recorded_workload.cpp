// Files of lengths and of arrivals, which streams draw from.
#include "hostile.hpp"
#include "memory_file.hpp"
#include "workload/joint_lengths.hpp"
#include "workload/recorded_arrivals.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    const fuzz::MemoryFile file(fuzz::text_of(data, size));
    fuzz::read_or_refuse([&] { static_cast<void>(workload::read_lengths({.path = file.path()})); });
    fuzz::read_or_refuse([&] {
        static_cast<void>(workload::read_lengths(
            {.path = file.path(), .prompt_scale = 1e3, .output_scale = 1e-3, .max_tokens = 4096}));
    });
    fuzz::read_or_refuse([&] { static_cast<void>(workload::read_gaps({.path = file.path()})); });
    fuzz::read_or_refuse([&] {
        static_cast<void>(workload::read_gaps({.path = file.path(),
                                               .from = "0",
                                               .to = "2100-01-01 00:00:00",
                                               .time_scale = 1e6,
                                               .whole = SimTime::from_seconds(1)}));
    });
    return 0;
}
