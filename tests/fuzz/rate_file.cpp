// The CSV of a rate over time.
#include "scenario/rate_file.hpp"

#include "hostile.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        scenario::Problems problems;
        const int source = problems.add_source("rate.csv");
        const auto curve = scenario::rate_curve_of_file(std::string(fuzz::text_of(data, size)), source, problems);
        problems.throw_if_any();
    });
    return 0;
}
