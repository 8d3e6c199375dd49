// Traces as CSV: plain, Vidur's and Azure's header, and columns named by the scenario.
#include "trace_reading.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::read_trace_in_every_way(text);
    const fuzz::MemoryFile file(text);
    workload::TraceInput input;
    input.path = file.path();
    input.columns = {{"arrival", "at"}, {"prompt_tokens", "in"}, {"output_tokens", "out"}};
    fuzz::read_trace(input);
    return 0;
}
