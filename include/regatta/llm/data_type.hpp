#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regatta::llm {

/// Types in which weights, activations, keys and values are stored or computed.
enum class DataType { Bf16, Fp16, Fp8, Int8, Int4 };

inline constexpr std::array kDataTypes = {DataType::Bf16, DataType::Fp16, DataType::Fp8, DataType::Int8,
                                          DataType::Int4};

/// Of one value [bytes]. Scales of quantised values are left out: 2 to 4 % for int4 in groups of 128 to 64.
[[nodiscard]] double bytes_of(DataType type);
/// As scenarios write it: "bf16".
[[nodiscard]] std::string_view name_of(DataType type);
/// None when there is no such type.
[[nodiscard]] std::optional<DataType> data_type_of(std::string_view name);
/// Of all of them, in their order.
[[nodiscard]] std::vector<std::string> data_type_names();

}  // namespace regatta::llm
