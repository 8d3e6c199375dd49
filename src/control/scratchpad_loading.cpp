#include "control/scratchpad_loading.hpp"

namespace regatta::control {

double scratchpad_model_gb(std::string_view model, double otherwise) {
    if (model == "meta-llama/Meta-Llama-3-70B-Instruct") return 140;
    if (model == "meta-llama/Meta-Llama-3-8B-Instruct" || model == "meta-llama/Meta-Llama-3.1-8B-Instruct") return 16;
    return otherwise;
}

}  // namespace regatta::control
