// Traces of JSON lines: Mooncake's and the Scratchpad simulator's, which are told apart by what they begin with.
#include "trace_reading.hpp"
#include "workload/scratchpad_trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::read_trace_in_every_way(text);
    fuzz::read_trace_in_every_way(text, "m");
    fuzz::read_or_refuse(
        [&] { static_cast<void>(workload::read_scratchpad("trace.jsonl", text, workload::ScratchpadTimes::Ignored)); });
    return 0;
}
