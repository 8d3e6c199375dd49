// The Scratchpad simulator's env.json.
#include "hostile.hpp"
#include "scenario/scratchpad_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        static_cast<void>(scenario::read_scratchpad_environment("env.json", std::string(fuzz::text_of(data, size))));
    });
    return 0;
}
