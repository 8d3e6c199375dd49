// A whole scenario with the files it names: fleet.yaml, then "@@ env.json", "@@ rate.csv", ...
#include "bundle.hpp"
#include "hostile.hpp"
#include "small_catalogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    scenario::InputFiles files = fuzz::unbundled(fuzz::text_of(data, size), "fleet.yaml");
    fuzz::add_small_catalogue(files);
    const scenario::LoadRequest request{.path = "fleet.yaml", .overrides = {}, .catalogue_directory = "catalogue"};
    fuzz::read_or_refuse([&] { static_cast<void>(scenario::load_scenario(request, scenario::Registries{}, files)); });
    return 0;
}
