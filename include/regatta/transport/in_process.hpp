#pragma once

#include "regatta/engine/transport.hpp"

namespace regatta::transport {

/// A single rank that talks to nobody.
class InProcessTransport final : public engine::Transport {
public:
    [[nodiscard]] std::uint32_t rank() const override { return 0; }
    [[nodiscard]] std::uint32_t ranks() const override { return 1; }
    void exchange(const std::vector<engine::Buffer>& /*outgoing*/, std::vector<engine::Buffer>& /*incoming*/) override {
    }
    [[nodiscard]] std::size_t deliver(std::span<const engine::Parcel> /*outgoing*/,
                                      std::vector<engine::Parcel>& /*incoming*/) override {
        return 0;
    }
    void smallest(std::span<std::int64_t> /*values*/) override {}
    void broadcast(engine::Buffer& /*bytes*/) override {}
    [[nodiscard]] std::vector<engine::Buffer> gather(const engine::Buffer& bytes) override { return {bytes}; }
    [[nodiscard]] std::int64_t largest(std::int64_t value) override { return value; }
};

}  // namespace regatta::transport
