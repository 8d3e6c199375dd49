#pragma once

#include <functional>
#include <string>
#include <vector>

#include "regatta/scenario/registries.hpp"
#include "scenario/load.hpp"
#include "scenario/reading.hpp"
#include "scenario/scenario.hpp"

namespace regatta::scenario {

/// What changes at one instant, as it was written.
struct WrittenBranch {
    struct Change {
        std::string text;  ///< path=value
        Place place;
    };
    SimTime at;
    Place place;
    std::vector<Change> changes;
};

/// Those of a scenario, and those that were asked for on top of it. The section `branches` is taken out of document and
/// reading: what is left is what holds first.
[[nodiscard]] std::vector<WrittenBranch> take_branches(Node& document, Reading& reading,
                                                       const std::vector<Branch>& added, Problems& problems);

/// Goes through the branches of a scenario one by one.
class Brancher {
public:
    struct Setup {
        const Section& schema;
        const Registries& registries;
        std::function<Scenario(Reading&)> assemble;
        Problems& problems;
    };
    /// What holds first: as it was written, read, and assembled.
    Brancher(const Setup& setup, Node document, Reading written, Reading reading, Scenario scenario);

    /// One that changes nothing leaves no trace. Throws InputError with everything that is wrong.
    void add(const WrittenBranch& branch);
    /// All that holds, one after the other.
    [[nodiscard]] Scenario scenario() &&;
    /// In their canonical form.
    [[nodiscard]] const std::vector<Reading>& readings() const { return readings_; }

private:
    void refuse_fixed(const Reading& written);
    void check(const Reading& reading, const Scenario& scenario, SimTime at);
    void check_times(const Reading& reading, const Scenario& scenario, SimTime at);
    void check_streams(const Reading& reading, const Scenario& scenario);
    void check_gateways(const Reading& reading, const Scenario& scenario);
    void check_autoscalers(const Reading& reading, const Scenario& scenario);

    Setup setup_;
    Node document_;
    Reading written_;  ///< of the last branch, before anything that follows from other keys was filled in
    Reading reading_;
    std::vector<Scenario> stages_;
    std::vector<Reading> readings_;
};

}  // namespace regatta::scenario
