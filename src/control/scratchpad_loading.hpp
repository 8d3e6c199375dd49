#pragma once

#include <string_view>

namespace regatta::control {

/// What the Scratchpad simulator takes a model to weigh on disk, whatever its precision [GB]; `otherwise` for models
/// that its table does not know.
[[nodiscard]] double scratchpad_model_gb(std::string_view model, double otherwise);

/// From disk to host, then from host to GPU, one after the other [s].
struct ScratchpadPath {
    double disk_mb_per_s = 1000;
    double pcie_gb_per_s = 32;

    [[nodiscard]] double loading_s(double model_gb) const {
        return model_gb / (disk_mb_per_s / 1000) + model_gb / pcie_gb_per_s;
    }
};

}  // namespace regatta::control
