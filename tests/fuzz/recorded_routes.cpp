// Which replica each request went to in a run that is replayed.
#include "routing/recorded_routes.hpp"

#include "hostile.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    fuzz::read_or_refuse([&] {
        const routing::RecordedRoutes routes(fuzz::text_of(data, size), 1000);
        static_cast<void>(routes.replica_of(1));
    });
    return 0;
}
