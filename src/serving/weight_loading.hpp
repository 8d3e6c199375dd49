#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "regatta/base/time.hpp"

namespace regatta::serving {

/// Where weights come from on their way to the GPUs.
enum class WeightSource : std::uint8_t {
    Disk,     ///< of the node
    Network,  ///< a store, or a peer that has them
    Host,     ///< memory of the node, from an earlier load
};

/// Rates of one node, one direction [bytes/s].
struct LoadRates {
    double disk_bytes_per_s = 0;
    double network_bytes_per_s = 0;
    double host_link_bytes_per_s = 0;  ///< host to one GPU; each GPU has its own
};

/// The weights of several replicas on their way into the GPUs of one node.
///
/// A load streams: disk (or network) to host memory to GPU, all at once, so it goes as fast as the slowest stage, and
/// takes bytes / min(source, GPUs * host link). What several loads have in common is the source: they share it fairly
/// (max-min), a load that its own links hold back leaving the rest to the others; from host memory there is nothing to
/// share. Ends are revised whenever a load begins or ends.
class WeightLoads {
public:
    explicit WeightLoads(const LoadRates& rates) : rates_(rates) {}

    /// `bytes` > 0 for the replica in `slot`, which has no load under way, to `gpus` GPUs.
    void begin(std::uint32_t slot, double bytes, std::uint32_t gpus, WeightSource source, SimTime now);
    void cancel(std::uint32_t slot, SimTime now);
    /// When the first of them ends.
    [[nodiscard]] SimTime next_end() const;
    /// A load that has ended by `now`, which must not be after next_end(); none: std::nullopt.
    [[nodiscard]] std::optional<std::uint32_t> take_ended(SimTime now);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& loads_& as_of_;
    }

private:
    struct Load {
        std::uint32_t slot = 0;
        WeightSource source = WeightSource::Disk;
        double bytes_left = 0;
        double most_bytes_per_s = 0;  ///< that its own links take
        double bytes_per_s = 0;       ///< now
        SimTime end;

        template <class Archive>
        void serialize(Archive& archive, unsigned /*version*/) {
            archive& slot& source& bytes_left& most_bytes_per_s& bytes_per_s& end;
        }
    };
    void go_on_to(SimTime now);
    void share();
    void share(WeightSource source, double bytes_per_s);

    LoadRates rates_;
    std::vector<Load> loads_;  ///< in the order in which they began
    SimTime as_of_;            ///< `bytes_left` is what is left then
};

}  // namespace regatta::serving
