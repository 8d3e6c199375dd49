#include "scenario/load.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "regatta/base/errors.hpp"
#include "scenario/assembly.hpp"
#include "scenario/branches.hpp"
#include "scenario/document.hpp"
#include "scenario/overrides.hpp"
#include "scenario/reading.hpp"
#include "scenario/schema.hpp"
#include "scenario/scratchpad_expansion.hpp"

namespace regatta::scenario {

Scenario load_scenario(const LoadRequest& request, const Registries& registries, InputFiles& files) {
    Problems problems;
    const int source = problems.add_source(request.path);
    const Place whole{source, 0, 0};
    const InputFiles::File& file = files.open(request.path);
    if (!file.is_readable) {
        problems.add(whole, "", "cannot be read: " + file.reason);
        problems.throw_if_any();
    }
    Node document;
    // After a syntax error nothing more can be said about the file.
    if (!parse_document(file.text, source, document, problems)) problems.throw_if_any();
    if (document.kind == Node::Kind::Null) {
        problems.add(whole, "", "the file is empty; a scenario has at least fleet and workload");
        problems.throw_if_any();
    }
    apply_overrides(request.overrides, document, problems);
    // Where the catalogue lies is asked of one host: on another the program may be installed elsewhere.
    if (files.catalogue_directory.empty()) files.catalogue_directory = request.catalogue_directory;
    const Section schema = scenario_schema(registries);
    Reading reading = read_document(document, schema, problems);
    if (reading.maps.empty()) problems.throw_if_any();  // not a map: nothing was read
    std::vector<std::string> notes;
    if (needs_scratchpad_expansion(reading)) {
        problems.throw_if_any();
        const ScratchpadExpansion expansion =
            expand_scratchpad({reading, registries, request.path, files.catalogue_directory, files, problems});
        problems.throw_if_any();
        put_scratchpad_expansion(expansion, reading, document, problems);
        notes = expansion.notes;
        reading = read_document(document, schema, problems);
    }
    const std::vector<WrittenBranch> branches = take_branches(document, reading, request.branches, problems);
    const Reading written = reading;
    const auto assemble = [&](Reading& one) {
        return Assembly(one, registries, request.path, files.catalogue_directory, files, problems).assemble();
    };
    Scenario scenario = assemble(reading);
    problems.throw_if_any();
    if (!branches.empty()) {
        Brancher brancher({schema, registries, assemble, problems}, std::move(document), written, reading,
                          std::move(scenario));
        for (const WrittenBranch& branch : branches)
            brancher.add(branch);
        reading.lists["branches"] = brancher.readings();
        scenario = std::move(brancher).scenario();
    }
    scenario.resolved_text = write_document(reading, schema);
    scenario.notes = std::move(notes);
    return scenario;
}

TraceSummaries check_traces(const Scenario& scenario) {
    TraceSummaries summaries(scenario.streams.size());
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < scenario.streams.size(); ++i) {
        const Stream& stream = scenario.streams[i];
        try {
            if (stream.trace) summaries[i] = workload::survey_trace(*stream.trace);
            if (stream.recorded_lengths) static_cast<void>(workload::read_lengths(*stream.recorded_lengths));
            if (stream.recorded_arrivals) static_cast<void>(workload::read_gaps(*stream.recorded_arrivals));
        } catch (const InputError& error) {
            problems.insert(problems.end(), error.problems().begin(), error.problems().end());
        }
    }
    if (!problems.empty()) throw InputError(problems);
    return summaries;
}

std::string catalogue_directory(const std::string& program_path, const std::string& otherwise) {
    if (const char* chosen = std::getenv("REGATTA_CATALOGUE"); chosen != nullptr && *chosen != '\0') return chosen;
    if (!otherwise.empty()) return otherwise;
    std::error_code error;
    // Without a slash the program was found by PATH, and the kernel knows where.
    const bool has_slash = program_path.find('/') != std::string::npos;
    const auto program = std::filesystem::canonical(has_slash ? program_path : "/proc/self/exe", error);
    const auto installed = program.parent_path().parent_path() / "share" / "regatta" / "catalogue";
    if (!error && std::filesystem::is_directory(installed, error)) return installed.string();
    return REGATTA_SOURCE_CATALOGUE;
}

std::string closing_line(std::size_t errors, const std::string& path) {
    return fmt::format("{} error{} in {}; nothing was run.", errors, errors == 1 ? "" : "s", path);
}

}  // namespace regatta::scenario
