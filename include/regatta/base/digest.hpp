#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace regatta {

/// An order-independent fingerprint of rows: the sum modulo 2^128 of one XXH3-128 hash per row. The same set of rows
/// gives the same digest whatever the order of the rows and however they were split over ranks; a row counted twice
/// changes it (which an exclusive-or would not show). Not cryptographic.
class Digest {
public:
    constexpr Digest() = default;
    /// Adds one row. `tag` names the table, so that equal bytes in two tables are different rows.
    void add(std::uint64_t tag, std::span<const std::byte> row);
    Digest& operator+=(const Digest& other);
    friend constexpr bool operator==(const Digest&, const Digest&) = default;

    /// 32 lower-case hexadecimal digits, most significant first.
    [[nodiscard]] std::string to_hex() const;
    /// The inverse of to_hex; a text of any other form gives false and leaves `digest` alone.
    [[nodiscard]] static bool from_hex(const std::string& text, Digest& digest);

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& low_& high_;
    }

private:
    std::uint64_t low_ = 0;
    std::uint64_t high_ = 0;
};

}  // namespace regatta
