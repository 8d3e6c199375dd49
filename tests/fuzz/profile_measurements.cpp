// Vidur's profiling files, whichever the columns say, and a fit to what they hold.
#include "hostile.hpp"
#include "timing/profile_samples.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        timing::ProfileFilter filter;
        filter.model.name = "m";
        filter.model.layers = 2;
        filter.model.hidden = 8;
        filter.model.heads = 2;
        filter.model.kv_heads = 1;
        filter.model.intermediate = 16;
        timing::ProfileData measured;
        timing::add_measurements({.name = "profile.csv", .text = std::string(fuzz::text_of(data, size))}, filter,
                                 measured);
        for (const auto& [op, samples] : measured) {
            using Kind = timing::ProfileFit::Kind;
            for (const Kind kind : {Kind::Interpolate, Kind::Forest, Kind::Polynomial}) {
                const auto fit = timing::fitted({.kind = kind, .estimators = 2, .max_depth = 4, .degree = 2}, samples);
                static_cast<void>(fit->at(1, 8));
                static_cast<void>(fit->steps());
            }
        }
    });
    return 0;
}
