// The config.json of a model on Hugging Face, and what follows from it for a replica.
#include "scenario/hugging_face.hpp"

#include "hostile.hpp"
#include "small_catalogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    // Most is refused here already, and sooner than by a whole scenario.
    scenario::Problems problems;
    scenario::Node document;
    if (!scenario::parse_document(std::string(fuzz::text_of(data, size)), problems.add_source("config.json"), document,
                                  problems))
        return 0;
    static_cast<void>(scenario::read_hugging_face(document, "m", "config.json", problems));
    if (!problems.empty()) return 0;
    scenario::InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/";
    files.files["fleet.yaml"] = {
        true, scenario::testing::scenario_with(5, "      model: m/config.json\n      kv_blocks: 10000"), ""};
    files.files["m/config.json"] = {true, std::string(fuzz::text_of(data, size)), ""};
    fuzz::add_small_catalogue(files);
    const scenario::LoadRequest request{.path = "fleet.yaml", .overrides = {}, .catalogue_directory = "catalogue"};
    fuzz::read_or_refuse([&] { static_cast<void>(scenario::load_scenario(request, scenario::Registries{}, files)); });
    return 0;
}
