#include "scenario/catalogue_fields.hpp"

#include <utility>

#include <fmt/format.h>

#include "scenario/quantity.hpp"

namespace regatta::scenario {
namespace {

std::string not_plain(const Node& node, const char* expected) {
    return fmt::format("expected {}, found {}", expected, node.as_found());
}

/// A quantity in base units.
template <class Facts, class ReadText>
CatalogueKey<Facts> quantity(std::string key, bool is_required, double Facts::*member, ReadText read_text,
                             std::string sentence) {
    return {std::move(key), is_required, std::move(sentence),
            [=](const Node& node, Facts& facts) -> std::string {
                if (node.kind != Node::Kind::Scalar) return not_plain(node, "a quantity with a unit");
                const auto value = read_text(node.text);
                if (value) facts.*member = static_cast<double>(*value);
                return value ? "" : value.error();
            },
            [=](const Facts& facts) { return facts.*member == 0 ? "" : write_number(facts.*member); }};
}

template <class Facts, class Integer>
CatalogueKey<Facts> count(std::string key, bool is_required, Integer Facts::*member, std::string sentence) {
    return {std::move(key), is_required, std::move(sentence),
            [=](const Node& node, Facts& facts) -> std::string {
                if (node.kind != Node::Kind::Scalar || node.is_quoted) return not_plain(node, "a whole number");
                const auto value = read_whole_number(node.text);
                if (!value) return value.error();
                // Far above any architecture; keeps every product of three of them inside 64 bits.
                if (*value < 1 || *value > 1'000'000'000)
                    return "expected a whole number from 1 to 1000000000, found " + node.as_found();
                facts.*member = static_cast<Integer>(*value);
                return "";
            },
            [=](const Facts& facts) { return facts.*member == 0 ? "" : fmt::format("{}", facts.*member); }};
}

template <class Facts>
CatalogueKey<Facts> flag(std::string key, bool Facts::*member, std::string sentence) {
    return {std::move(key), false, std::move(sentence),
            [=](const Node& node, Facts& facts) -> std::string {
                const bool is_true = node.text == "true";
                if (node.kind != Node::Kind::Scalar || node.is_quoted || (!is_true && node.text != "false"))
                    return not_plain(node, "true or false");
                facts.*member = is_true;
                return "";
            },
            [=](const Facts& facts) -> std::string {
                if (facts.*member == Facts().*member) return "";
                return facts.*member ? "true" : "false";
            }};
}

template <class Facts>
CatalogueKey<Facts> word(std::string key, std::string Facts::*member, std::string sentence) {
    return {std::move(key), true, std::move(sentence),
            [=](const Node& node, Facts& facts) -> std::string {
                if (node.kind != Node::Kind::Scalar || node.text.empty()) return not_plain(node, "a name");
                facts.*member = node.text;
                return "";
            },
            [=](const Facts& facts) { return facts.*member; }};
}

Read<double> read_seconds(std::string_view text) {
    const auto duration = read_duration(text);
    if (!duration) return tl::make_unexpected(duration.error());
    return static_cast<double>(duration->ns()) / 1e9;  // nearer than a product with 1e-9
}

}  // namespace

template <>
std::vector<CatalogueKey<hardware::Gpu>> catalogue_keys() {
    using hardware::Gpu;
    return {
        quantity("memory", true, &Gpu::memory_bytes, read_bytes, "memory that software can use"),
        quantity("memory_bandwidth", true, &Gpu::memory_bandwidth_bytes_per_s, read_bandwidth, "memory bandwidth"),
        quantity("bf16", false, &Gpu::bf16_flops_per_s, read_flops, "dense peak in bf16; none: does not compute"),
        quantity("fp16", false, &Gpu::fp16_flops_per_s, read_flops, "dense peak in fp16; none: does not compute"),
        quantity("fp8", false, &Gpu::fp8_flops_per_s, read_flops, "dense peak in fp8; none: does not compute"),
        quantity("int8", false, &Gpu::int8_ops_per_s, read_flops, "dense peak in int8; none: does not compute"),
        quantity("int4", false, &Gpu::int4_ops_per_s, read_flops, "dense peak in int4; none: does not compute"),
        quantity("onchip_memory", false, &Gpu::onchip_bytes, read_bytes, "register files of all its cores together"),
        quantity("link_bandwidth", true, &Gpu::link_bytes_per_s, read_bandwidth,
                 "GPU to GPU inside the node, one direction"),
        quantity("link_latency", true, &Gpu::link_latency_s, read_seconds, "one hop of a collective"),
        count("gpus_per_node", true, &Gpu::gpus_per_node, "GPUs of a server as they are usually built"),
        quantity("idle_power", false, &Gpu::idle_w, read_power, "drawn with a model loaded and nothing to compute"),
        quantity("memory_bound_power", false, &Gpu::memory_bound_w, read_power,
                 "drawn in steps that only move memory, as decodes of few sequences do"),
        quantity("compute_bound_power", false, &Gpu::compute_bound_w, read_power,
                 "drawn at the peak of its arithmetic: the maximum power"),
        quantity("price", false, &Gpu::price_usd_per_h, read_price, "of one GPU with its part of the server")};
}

template <>
std::vector<CatalogueKey<hardware::NodeType>> catalogue_keys() {
    using hardware::NodeType;
    return {word("gpu", &NodeType::gpu, "its GPU, by the name in the catalogue"),
            count("gpus", true, &NodeType::gpus, "GPUs of the node"),
            quantity("host_memory", false, &NodeType::host_memory_bytes, read_bytes, "memory of the host"),
            quantity("disk", false, &NodeType::disk_bytes, read_bytes, "local disks, all together"),
            quantity("host_link", false, &NodeType::host_link_bytes_per_s, read_bandwidth,
                     "between one GPU and the host, one direction"),
            count("nics", false, &NodeType::nics, "NICs of the node"),
            quantity("nic_bandwidth", false, &NodeType::nic_bytes_per_s, read_bandwidth, "of one NIC, one direction")};
}

template <>
std::vector<CatalogueKey<hardware::Link>> catalogue_keys() {
    using hardware::Link;
    return {quantity("bandwidth", true, &Link::bytes_per_s, read_bandwidth, "one direction"),
            quantity("latency", true, &Link::latency_s, read_seconds,
                     "one hop inside a node, or one message between nodes")};
}

template <>
std::vector<CatalogueKey<llm::Model>> catalogue_keys() {
    using llm::Model;
    return {count("layers", true, &Model::layers, "layers"),
            count("hidden", true, &Model::hidden, "hidden size"),
            count("heads", true, &Model::heads, "query heads"),
            count("kv_heads", true, &Model::kv_heads, "key-value heads"),
            count("head_dim", true, &Model::head_dim, "size of one head"),
            count("intermediate", false, &Model::intermediate, "MLP size of the dense layers"),
            count("vocabulary", true, &Model::vocabulary, "tokens of the vocabulary"),
            count("max_context", true, &Model::max_context_tokens, "longest context"),
            flag("ties_embeddings", &Model::ties_embeddings, "the LM head is the embedding"),
            flag("gated_mlp", &Model::has_gated_mlp, "MLP of three matrices (the default), not two"),
            flag("qk_norm", &Model::has_qk_norm, "norm over each head's query and key"),
            flag("qkv_bias", &Model::has_qkv_bias, "biases on query, key and value"),
            count("dense_layers", false, &Model::dense_layers, "layers without experts in a model with experts"),
            count("experts", false, &Model::experts, "routed experts of a layer"),
            count("experts_per_token", false, &Model::experts_per_token, "experts that each token is routed to"),
            count("expert_intermediate", false, &Model::expert_intermediate, "MLP size of one expert"),
            count("shared_intermediate", false, &Model::shared_intermediate,
                  "MLP size of the experts that every token passes, all together"),
            count("window", false, &Model::window_tokens, "tokens that a layer with a sliding window attends to"),
            count("window_layers", false, &Model::window_layers, "layers with a sliding window")};
}

}  // namespace regatta::scenario
