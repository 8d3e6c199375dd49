// YAML as such: nesting, aliases, quotes, double keys.
#include "hostile.hpp"
#include "scenario/document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        scenario::Problems problems;
        const int source = problems.add_source("fleet.yaml");
        scenario::Node document;
        static_cast<void>(scenario::parse_document(std::string(fuzz::text_of(data, size)), source, document, problems));
        problems.throw_if_any();
    });
    return 0;
}
