// A catalogue file of the user's, laid over one that is right.
#include "scenario/catalogue.hpp"

#include "hostile.hpp"
#include "small_catalogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace regatta;
    scenario::InputFiles files;
    files.reads_disk = false;
    files.working_directory = "/";
    files.files["own.yaml"] = {true, std::string(fuzz::text_of(data, size)), ""};
    fuzz::add_small_catalogue(files);
    fuzz::read_or_refuse([&] {
        scenario::Problems problems;
        scenario::CatalogueSet catalogue("catalogue", files, problems);
        catalogue.add_files({"own.yaml"});
        problems.throw_if_any();
    });
    fuzz::read_or_refuse([&] {
        scenario::Problems problems;
        scenario::CatalogueSet catalogue("catalogue", files, problems);
        static_cast<void>(catalogue.gpus_of("own.yaml"));
        static_cast<void>(catalogue.models_of("own.yaml"));
        problems.throw_if_any();
    });
    return 0;
}
