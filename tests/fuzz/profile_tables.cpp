// Tables of predicted operator times, and the step times composed of them.
#include "hostile.hpp"
#include "timing/profile_times.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        timing::OpTables tables = timing::read_op_tables("tables.csv", fuzz::text_of(data, size));
        const timing::ProfileTarget target{.stages = 2,
                                           .layers_per_stage = 16,
                                           .tensor_parallel = 2,
                                           .has_grouped_queries = true,
                                           .decode_batching_overhead = 0.1,
                                           .models_cpu_overhead = true};
        const timing::ProfileTimes times(target, std::move(tables));
        static_cast<void>(times.least_fine());
        static_cast<void>(
            times.line({.decodes = 3, .decode_context_tokens = 9000, .prefills = {}, .samples = 3}, true));
    });
    return 0;
}
