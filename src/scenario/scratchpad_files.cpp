#include "scenario/scratchpad_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "regatta/base/errors.hpp"
#include "workload/json_depth.hpp"

namespace regatta::scenario {
namespace {

using nlohmann::json;

// Far above any server, and low enough that a slip does not fill the memory.
constexpr std::int64_t kMostGpus = 100'000;
constexpr std::size_t kMostGpusInAll = 1'000'000;
/// Each GPU keeps the name of its type.
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostShown = 80;

std::string found_text(const json& value) {
    std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    return text.size() > kMostShown ? text.substr(0, kMostShown) + "..." : text;
}

/// Collects what is wrong with one document.
class Fields {
public:
    explicit Fields(std::string place) : place_(std::move(place)) {}

    void wrong(const std::string& path, const std::string& what) {
        problems_.push_back(fmt::format("{}: {}{}{}", place_, path, path.empty() ? "" : ": ", what));
    }
    /// Null when it is missing, and that was told.
    const json* get(const json& object, const std::string& path, const char* key, const char* expected) {
        const auto found = object.find(key);
        if (found != object.end()) return &*found;
        wrong(join(path, key), fmt::format("missing; expected {}", expected));
        return nullptr;
    }
    template <class Is>
    const json* get(const json& object, const std::string& path, const char* key, const char* expected, Is is) {
        const json* value = get(object, path, key, expected);
        if (value == nullptr || is(*value)) return value;
        wrong(join(path, key), fmt::format("expected {}, found {}", expected, found_text(*value)));
        return nullptr;
    }
    std::string text(const json& object, const std::string& path, const char* key, const char* expected) {
        const json* value = get(object, path, key, expected, [](const json& one) { return one.is_string(); });
        return value == nullptr ? "" : value->get<std::string>();
    }
    double positive(const json& object, const std::string& path, const char* key, const char* expected) {
        const json* value = get(object, path, key, expected, is_positive);
        return value == nullptr ? 1 : value->get<double>();
    }
    bool flag(const json& object, const std::string& path, const char* key) {
        const json* value = get(object, path, key, "true or false", [](const json& one) { return one.is_boolean(); });
        return value != nullptr && value->get<bool>();
    }
    /// An empty object when it is missing or none, and that was told.
    const json& map(const json& object, const char* key, const char* expected) {
        static const json kEmpty = json::object();
        const json* value = get(object, "", key, expected, [](const json& one) { return one.is_object(); });
        return value == nullptr ? kEmpty : *value;
    }
    static std::string join(const std::string& path, const char* key) {
        return path.empty() ? key : fmt::format("{}.{}", path, key);
    }
    static bool is_positive(const json& value) {
        return value.is_number() && value.get<double>() > 0 && std::isfinite(value.get<double>());
    }
    static bool is_count(const json& value) {
        return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::uint64_t{kMostGpus};
    }
    static bool is_name(const json& value) {
        return value.is_string() && value.get_ref<const std::string&>().size() <= kLongestName;
    }
    [[nodiscard]] bool is_sound() const { return problems_.empty(); }
    std::vector<std::string> take() { return std::move(problems_); }
    void throw_if_any() const {
        if (!problems_.empty()) throw InputError(problems_);
    }

private:
    std::string place_;
    std::vector<std::string> problems_;
};

/// `at` counts bytes from 0.
[[noreturn]] void fail_at(const std::string& path, const std::string& text, std::size_t at, const std::string& what) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
    const auto line = std::count(text.begin(), end, '\n') + 1;
    const std::size_t start = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t column = start == std::string::npos ? at + 1 : at - start;
    throw InputError(fmt::format("{}:{}:{}: {}", path, line, column, what));
}

/// Of what the parser stumbled over, whose own text says it in its own way.
[[noreturn]] void fail_to_parse(const std::string& path, const std::string& text, std::size_t byte) {
    const std::size_t at = std::min(byte == 0 ? 0 : byte - 1, text.size());
    fail_at(path, text, at,
            fmt::format("no JSON: {} here", at == text.size() ? "it ends too soon" : "expected something else"));
}

json parse(const std::string& path, const std::string& text) {
    if (const auto at = workload::too_deep_at(text))
        fail_at(path, text, *at, fmt::format("nested deeper than {} levels", workload::kMaxJsonDepth));
    try {
        return json::parse(text);
    } catch (const json::parse_error& error) {
        fail_to_parse(path, text, error.byte);
    } catch (const json::out_of_range&) {
        throw InputError(fmt::format("{}: a number is too large to be read", path));
    }
}

constexpr const char* kName = "the name of a GPU";

class Environment {
public:
    Environment(const std::string& path, const json& document) : fields_(path), document_(document) {}

    ScratchpadEnvironment read() {
        const json& infrastructure =
            fields_.map(document_, "infrastructure",
                        "a map with: disk_bandwidth_mbps, pcie_bandwidth_gbps, network_bandwidth_gbps");
        const json& loading =
            fields_.map(document_, "model_loading_config", "a map with: model_cache_path, preload_models");
        if (fields_.is_sound()) {
            read_.disk_mb_per_s =
                fields_.positive(infrastructure, "infrastructure", "disk_bandwidth_mbps", "a number above 0 [MB/s]");
            read_.pcie_gb_per_s =
                fields_.positive(infrastructure, "infrastructure", "pcie_bandwidth_gbps", "a number above 0 [GB/s]");
            const json* network = fields_.get(infrastructure, "infrastructure", "network_bandwidth_gbps",
                                              "a number [GB/s]", [](const json& one) { return one.is_number(); });
            if (network != nullptr) read_.network_gb_per_s = network->get<double>();
            static_cast<void>(fields_.text(loading, "model_loading_config", "model_cache_path", "a path"));
            read_.preloads = fields_.flag(loading, "model_loading_config", "preload_models");
        }
        const json* nodes = list("nodes");
        const json* gpus = list("gpus");
        // Nodes make that simulator forget the older list.
        if (nodes != nullptr && !nodes->empty())
            for (std::size_t i = 0; i < nodes->size(); ++i)
                read_node((*nodes)[i], fmt::format("nodes[{}]", i));
        else if (gpus != nullptr && !gpus->empty())
            for (std::size_t i = 0; i < gpus->size(); ++i)
                read_gpu((*gpus)[i], fmt::format("gpus[{}]", i));
        else if (fields_.is_sound())
            fields_.wrong("nodes", "missing; expected a list of nodes, or gpus, for nothing else serves requests");
        fields_.throw_if_any();
        return std::move(read_);
    }

private:
    /// Null when it is not there.
    const json* list(const char* key) {
        const auto found = document_.find(key);
        if (found == document_.end() || found->is_array()) return found == document_.end() ? nullptr : &*found;
        fields_.wrong(key, fmt::format("expected a list, found {}", found_text(*found)));
        return nullptr;
    }

    bool is_map(const json& entry, const std::string& path, const char* expected) {
        if (!entry.is_object()) fields_.wrong(path, fmt::format("expected {}, found {}", expected, found_text(entry)));
        return entry.is_object();
    }

    void read_node(const json& entry, const std::string& path) {
        if (!is_map(entry, path,
                    "a map with: node_id, name, gpu_types, gpu_count_per_type, memory_per_gpu_gb, "
                    "network_bandwidth_gbps"))
            return;
        ScratchpadEnvironment::Node node;
        const json* id = fields_.get(entry, path, "node_id", "a whole number of at least 0", [](const json& one) {
            return one.is_number_unsigned() && one.get<std::uint64_t>() < UINT32_MAX;
        });
        if (id != nullptr) node.id = id->get<std::uint32_t>();
        if (id != nullptr && !ids_.insert(node.id).second)
            fields_.wrong(path + ".node_id",
                          fmt::format("another node has {}, too; expected ids that differ", node.id));
        node.name = fields_.text(entry, path, "name", "a text");
        fields_.get(entry, path, "network_bandwidth_gbps", "a number [GB/s]",
                    [](const json& one) { return one.is_number(); });
        const json* types = per_type(entry, path, "gpu_types", "a list of names of GPUs, each of at most 200 bytes",
                                     [](const json& one) { return Fields::is_name(one); });
        const json* counts =
            per_type(entry, path, "gpu_count_per_type", "a list of whole numbers from 0 to 100000", Fields::is_count);
        const json* memory = per_type(entry, path, "memory_per_gpu_gb", "a list of numbers [GB]",
                                      [](const json& one) { return one.is_number(); });
        if (types == nullptr || counts == nullptr || memory == nullptr) return;
        for (const auto& [key, of_type] : {std::pair("gpu_count_per_type", counts), {"memory_per_gpu_gb", memory}})
            if (of_type->size() != types->size())
                fields_.wrong(Fields::join(path, key), fmt::format("{} values, but gpu_types has {}; expected one for "
                                                                   "each type",
                                                                   of_type->size(), types->size()));
        for (std::size_t i = 0; i < std::min({types->size(), counts->size(), memory->size()}); ++i) {
            node.kinds.push_back(
                {(*types)[i].get<std::string>(), (*counts)[i].get<std::uint32_t>(), (*memory)[i].get<double>()});
            gpus_ += node.kinds.back().count;
            if (gpus_ > kMostGpusInAll) break;
            node.gpus.insert(node.gpus.end(), node.kinds.back().count, node.kinds.back().type);
        }
        if (gpus_ > kMostGpusInAll) {
            fields_.wrong(path, fmt::format("expected at most {} GPUs in all, found more", kMostGpusInAll));
            fields_.throw_if_any();
        }
        read_.nodes.push_back(std::move(node));
    }

    template <class Is>
    const json* per_type(const json& entry, const std::string& path, const char* key, const char* expected, Is is) {
        return fields_.get(entry, path, key, expected, [&](const json& value) {
            return value.is_array() && std::all_of(value.begin(), value.end(), is);
        });
    }

    /// A node with one GPU, however many there are said to be.
    void read_gpu(const json& entry, const std::string& path) {
        if (!is_map(entry, path, "a map with: name, amount, model, precision")) return;
        ScratchpadEnvironment::Node node;
        node.id = static_cast<std::uint32_t>(read_.nodes.size() + 1);
        node.name = fmt::format("node-{}", node.id);
        node.gpus.push_back(fields_.text(entry, path, "name", kName));
        node.model = fields_.text(entry, path, "model", "the name of a model");
        const json* amount = fields_.get(entry, path, "amount", "a whole number",
                                         [](const json& one) { return one.is_number_integer(); });
        if (amount != nullptr) node.amount = amount->get<std::int64_t>();
        const json* precision =
            fields_.get(entry, path, "precision", "a map with: weight_bits, activation_bits, kv_bits",
                        [](const json& one) { return one.is_object(); });
        const auto bits = [&](const char* key) {
            return fields_.positive(*precision, path + ".precision", key, "a number above 0 [bits]");
        };
        if (precision != nullptr) {
            node.weight_bits = bits("weight_bits");
            node.activation_bits = bits("activation_bits");
            node.kv_bits = bits("kv_bits");
        }
        read_.nodes.push_back(std::move(node));
    }

    Fields fields_;
    const json& document_;
    ScratchpadEnvironment read_;
    std::set<std::uint32_t> ids_;
    std::size_t gpus_ = 0;
};

}  // namespace

ScratchpadEnvironment read_scratchpad_environment(const std::string& path, const std::string& text) {
    const json document = parse(path, text);
    if (!document.is_object())
        throw InputError(
            fmt::format("{}: expected a map with: nodes or gpus, infrastructure, model_loading_config; found {}", path,
                        found_text(document)));
    return Environment(path, document).read();
}

std::vector<ScratchpadEnvironmentChange> read_scratchpad_changes(const std::string& path, const std::string& text) {
    std::vector<ScratchpadEnvironmentChange> changes;
    std::vector<std::string> problems;
    std::string_view rest = text;
    for (std::int64_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        Fields fields(fmt::format("{}:{}", path, number));
        const bool is_deep = workload::too_deep_at(line).has_value();
        const json row = is_deep ? json() : json::parse(line, nullptr, false);
        ScratchpadEnvironmentChange change;
        change.line = number;
        if (is_deep) {
            fields.wrong("", fmt::format("nested deeper than {} levels", workload::kMaxJsonDepth));
        } else if (!row.is_object()) {
            fields.wrong("", fmt::format("expected a JSON object with timestamp, gpu_name and amount, found \"{}\"",
                                         line.substr(0, kMostShown)));
        } else {
            const json* at = fields.get(row, "", "timestamp", "seconds of at least 0", [](const json& one) {
                return one.is_number() && one.get<double>() >= 0 && one.get<double>() < 1e9;
            });
            if (at != nullptr) change.at_s = at->get<double>();
            change.gpu = fields.text(row, "", "gpu_name", kName);
            const json* amount =
                fields.get(row, "", "amount", "a whole number of engines up to 100000", [](const json& one) {
                    return one.is_number_integer() && std::abs(one.get<double>()) <= static_cast<double>(kMostGpus);
                });
            if (amount != nullptr) change.amount = amount->get<std::int64_t>();
            if (at != nullptr && !changes.empty() && change.at_s < changes.back().at_s)
                fields.wrong("timestamp",
                             fmt::format("{} s is before {} s in the line above; expected changes in order "
                                         "of time",
                                         change.at_s, changes.back().at_s));
        }
        const std::vector<std::string> found = fields.take();
        problems.insert(problems.end(), found.begin(), found.end());
        changes.push_back(std::move(change));
    }
    if (!problems.empty()) throw InputError(problems);
    return changes;
}

}  // namespace regatta::scenario
