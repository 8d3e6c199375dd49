#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "regatta/base/time.hpp"
#include "regatta/workload/registry.hpp"

namespace regatta::workload {

/// When things came that a file tells of, in a column of dates or of seconds.
struct RecordedArrivalsInput {
    std::string path;
    std::string column = "arrival_time";
    std::string from = {};  ///< rows after this instant only, written as in the column; empty: from the first
    std::string to = {};    ///< rows before this instant only; empty: to the last
    double time_scale = 1;  ///< 2: the same gaps twice as long
    SimTime whole = SimTime::from_ns(1);  ///< times since the first row are cut to whole multiples of this
};

/// The gaps between the rows: the first row taken only says where time begins, as in Vidur. Rows must be in order.
/// Throws InputError.
[[nodiscard]] std::vector<SimTime> read_gaps(const RecordedArrivalsInput& input);

/// Has as many gaps as it was made of; a stream must not ask for more.
class RecordedArrivals final : public ArrivalProcess {
public:
    explicit RecordedArrivals(std::vector<SimTime> gaps) : gaps_(std::move(gaps)) {}
    [[nodiscard]] std::uint64_t count() const { return gaps_.size(); }
    [[nodiscard]] double gap_s(std::uint64_t index, double uniform) const override;

private:
    std::vector<SimTime> gaps_;
};

}  // namespace regatta::workload
