#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace regatta::scenario {

/// Values of Vidur's configuration, each checked where it is read. `path` says where the section stands that holds
/// `key`, which must be there. What is wrong is collected, and a value that can be gone on with returned.
class VidurValues {
public:
    /// Most that is counted: products of two stay inside 64 bits.
    static constexpr double kMost = 1e9;

    explicit VidurValues(std::string source) : source_(std::move(source)) {}

    void wrong(const std::string& key, const std::string& what);
    /// A double, a bool or a text.
    template <class Value>
    Value get(const nlohmann::json& section, const std::string& path, const std::string& key);
    /// A number above 0.
    double positive(const nlohmann::json& section, const std::string& path, const std::string& key);
    /// A number from 1 to kMost, cut to a whole one.
    std::int64_t count(const nlohmann::json& section, const std::string& path, const std::string& key);
    /// Any number, as it is written.
    std::string number(const nlohmann::json& section, const std::string& path, const std::string& key);
    /// At least one, as a list of YAML.
    std::string numbers(const nlohmann::json& section, const std::string& path, const std::string& key);
    /// Throws InputError with all that was wrong.
    void throw_if_any() const;

private:
    static std::string joined(const std::string& path, const std::string& key);
    static std::string found(const nlohmann::json& value);

    std::string source_;
    std::vector<std::string> problems_;
};

}  // namespace regatta::scenario
