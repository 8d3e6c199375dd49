// What `regatta import vidur` reads: Vidur's config.json, or a command line of it.
#include "hostile.hpp"
#include "scenario/import_vidur.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    scenario::VidurImport how;
    how.source = "config.json";
    fuzz::read_or_refuse(
        [&] { static_cast<void>(scenario::import_vidur(std::string(fuzz::text_of(data, size)), how)); });
    return 0;
}
