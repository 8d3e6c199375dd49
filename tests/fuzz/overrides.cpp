// What stands after --set, each line one, over a scenario that is right.
#include "scenario/overrides.hpp"

#include "hostile.hpp"
#include "small_catalogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    std::string_view text = fuzz::text_of(data, size);
    scenario::LoadRequest request{.path = "fleet.yaml", .overrides = {}, .catalogue_directory = "catalogue"};
    while (!text.empty() && request.overrides.size() < 100) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        request.overrides.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    scenario::InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/";
    files.files["fleet.yaml"] = {true, scenario::testing::scenario_with(), ""};
    fuzz::add_small_catalogue(files);
    fuzz::read_or_refuse([&] { static_cast<void>(scenario::load_scenario(request, scenario::Registries{}, files)); });
    return 0;
}
