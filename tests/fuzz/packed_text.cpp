// gzip and zstd: damaged, cut off, and far longer unpacked than packed.
#include <array>

#include "hostile.hpp"
#include "memory_file.hpp"
#include "scenario/input_files.hpp"
#include "workload/text_lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    const fuzz::MemoryFile file(fuzz::text_of(data, size));
    fuzz::read_or_refuse([&] {
        workload::TextLines lines(file.path());
        while (lines.next()) {
        }
    });
    scenario::InputFiles files;
    static_cast<void>(files.open_data(file.path()));
    return 0;
}
