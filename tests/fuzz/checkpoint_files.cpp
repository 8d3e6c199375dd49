// The manifest of a checkpoint, and its checksums. What is read is written and read again as it was.
#include "results/checkpoint_files.hpp"
#include "hostile.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::read_or_refuse([&] {
        const results::CheckpointManifest manifest = results::manifest_from_json(text, "manifest.json");
        REGATTA_CHECK(results::manifest_from_json(results::to_json(manifest), "again") == manifest, "read otherwise");
    });
    fuzz::read_or_refuse([&] { static_cast<void>(results::parse_checksums(text, "checksums.xxh128")); });
    return 0;
}
