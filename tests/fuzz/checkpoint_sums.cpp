// What ranks knew at a checkpoint, with bytes that no rank writes. Sums are not added up: of numbers that no run has,
// any sum is as good as another.
#include "results/checkpoint_sums.hpp"
#include "../results/made_up_run.hpp"
#include "hostile.hpp"
#include "mutations.hpp"

namespace {

using namespace regatta;

/// A run, and what one of its ranks knew at the end.
struct Known {
    results::MadeUpRun run = results::make_up_run(1, 20);
    std::vector<std::byte> bytes;
    Known() {
        const results::ScratchDirectory scratch;
        bytes = results::write_run(run, scratch.path(), 2).front().to_bytes();
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Known kKnown;
    fuzz::ByteSource source({data, size});
    std::vector<std::byte> bytes = kKnown.bytes;
    fuzz::change_some(bytes, source);
    fuzz::read_or_refuse([&] {
        const results::RankPartial partial =
            results::sums_from_bytes(bytes, kKnown.run.description, kKnown.run.end, "rank-00000.sums");
        static_cast<void>(partial.series.rows());
        static_cast<void>(partial.to_bytes());
    });
    return 0;
}
