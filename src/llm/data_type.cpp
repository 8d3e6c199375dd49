#include "regatta/llm/data_type.hpp"

#include "regatta/base/errors.hpp"

namespace regatta::llm {

double bytes_of(DataType type) {
    switch (type) {
        case DataType::Bf16:
        case DataType::Fp16:
            return 2;
        case DataType::Fp8:
        case DataType::Int8:
            return 1;
        case DataType::Int4:
            return 0.5;
    }
    REGATTA_CHECK(false, "data type without a size");
}

std::string_view name_of(DataType type) {
    switch (type) {
        case DataType::Bf16:
            return "bf16";
        case DataType::Fp16:
            return "fp16";
        case DataType::Fp8:
            return "fp8";
        case DataType::Int8:
            return "int8";
        case DataType::Int4:
            return "int4";
    }
    REGATTA_CHECK(false, "data type without a name");
}

std::optional<DataType> data_type_of(std::string_view name) {
    for (const DataType type : kDataTypes)
        if (name_of(type) == name) return type;
    return std::nullopt;
}

std::vector<std::string> data_type_names() {
    std::vector<std::string> names;
    for (const DataType type : kDataTypes)
        names.emplace_back(name_of(type));
    return names;
}

}  // namespace regatta::llm
