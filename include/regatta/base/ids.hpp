#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace regatta {

/// An index that cannot be mistaken for one of another kind.
template <class Tag, class Rep>
class Id {
public:
    using Value = Rep;
    constexpr Id() = default;
    constexpr explicit Id(Rep value) : value_(value) {}
    [[nodiscard]] constexpr Rep value() const { return value_; }
    /// For indexing a vector that has one element per id.
    [[nodiscard]] constexpr std::size_t index() const { return static_cast<std::size_t>(value_); }
    friend constexpr auto operator<=>(Id, Id) = default;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& value_;
    }

private:
    Rep value_ = 0;
};

/// A logical process of the engine; the same number on every rank.
using LpId = Id<struct LpTag, std::uint32_t>;
/// One prompt with its answer. Follows from its origin (trace line, or stream and index), never from order of arrival.
using RequestId = Id<struct RequestTag, std::uint64_t>;
/// A running copy of a model, numbered over the whole fleet.
using ReplicaId = Id<struct ReplicaTag, std::uint32_t>;
/// A server, numbered over the whole fleet.
using NodeId = Id<struct NodeTag, std::uint32_t>;
using GatewayId = Id<struct GatewayTag, std::uint32_t>;
using PoolId = Id<struct PoolTag, std::uint16_t>;
using StreamId = Id<struct StreamTag, std::uint16_t>;

}  // namespace regatta
