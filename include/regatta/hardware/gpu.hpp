#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regatta::hardware {

/// Facts of one GPU, from the catalogue; each with its source there. Peaks are dense (without sparsity); 0: the GPU
/// does not compute in that type.
struct Gpu {
    std::string name;
    double memory_bytes = 0;  ///< usable by software [bytes]
    double memory_bandwidth_bytes_per_s = 0;
    double bf16_flops_per_s = 0;
    double fp16_flops_per_s = 0;
    double fp8_flops_per_s = 0;
    double int8_ops_per_s = 0;
    double int4_ops_per_s = 0;
    double onchip_bytes = 0;          ///< register files of all its cores together; 0: not known
    double link_bytes_per_s = 0;      ///< GPU to GPU inside the node, one direction [bytes/s]
    double link_latency_s = 0;        ///< one hop of a collective [s]
    std::uint32_t gpus_per_node = 8;  ///< as servers with it are usually built
    // Power of one GPU with its memory [W]; 0: not known. All three are, or none.
    double idle_w = 0;           ///< with a model loaded and nothing to compute
    double memory_bound_w = 0;   ///< in steps that only move memory
    double compute_bound_w = 0;  ///< in steps at the peak of its arithmetic
    double price_usd_per_h = 0;  ///< for one GPU with its part of the server; 0: not known
    std::string source;
};

/// Of the powers alone, which a pool may have its own of; otherwise as problems_of().
[[nodiscard]] std::vector<std::string> problems_of_power(const Gpu& gpu);
/// What cannot be right about the facts, each as "memory: what is wrong; what is allowed" without a place; empty when
/// all is well. For readers of catalogues, so that a user's own entry is checked like ours.
[[nodiscard]] std::vector<std::string> problems_of(const Gpu& gpu);

}  // namespace regatta::hardware
