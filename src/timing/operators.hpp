#pragma once

#include <string>

namespace regatta::timing {

/// Bytes that an operator moves between memory and chip.
struct OperatorBytes {
    double load_weight = 0;
    double load_activation = 0;
    double store_activation = 0;
    double load_kv = 0;
    double store_kv = 0;
    [[nodiscard]] double total() const { return load_weight + load_activation + store_activation + load_kv + store_kv; }
    OperatorBytes& operator+=(const OperatorBytes& other) {
        for (double OperatorBytes::*part :
             {&OperatorBytes::load_weight, &OperatorBytes::load_activation, &OperatorBytes::store_activation,
              &OperatorBytes::load_kv, &OperatorBytes::store_kv})
            this->*part += other.*part;
        return *this;
    }
};
[[nodiscard]] inline OperatorBytes operator*(double times, OperatorBytes bytes) {
    for (double OperatorBytes::*part :
         {&OperatorBytes::load_weight, &OperatorBytes::load_activation, &OperatorBytes::store_activation,
          &OperatorBytes::load_kv, &OperatorBytes::store_kv})
        bytes.*part *= times;
    return bytes;
}

/// What an operator waits for; overheads are time that none of the three explains.
enum class Bound { Compute, Memory, Network, Overhead };

/// What one operator of a step costs on each GPU, in all `repeats` layers that have it together.
struct Operator {
    std::string name;
    double repeats = 1;
    double flops = 0;
    OperatorBytes bytes = {};
    double link_bytes = 0;  ///< sent to other GPUs
    double seconds = 0;
    Bound bound = Bound::Memory;
};

}  // namespace regatta::timing
