#include "regatta/base/digest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace regatta {
namespace {

using Row = std::array<std::uint64_t, 10>;

Row row(std::uint64_t number) {
    Row result{};
    result.fill(number);
    return result;
}

Digest digest_of(std::initializer_list<std::uint64_t> numbers, std::uint64_t tag = 1) {
    Digest digest;
    for (const std::uint64_t number : numbers) {
        const Row bytes = row(number);
        digest.add(tag, std::as_bytes(std::span(bytes)));
    }
    return digest;
}

TEST(Digest, OfNothingIsZero) {
    EXPECT_EQ(Digest().to_hex(), "00000000000000000000000000000000");
}

TEST(Digest, DoesNotDependOnTheOrderOfRows) {
    EXPECT_EQ(digest_of({1, 2, 3}), digest_of({3, 1, 2}));
}

TEST(Digest, DoesNotDependOnHowRowsAreSplit) {
    Digest sum = digest_of({1, 4});
    sum += digest_of({2});
    sum += digest_of({5, 3});
    EXPECT_EQ(sum, digest_of({1, 2, 3, 4, 5}));
}

TEST(Digest, SeesARowCountedTwice) {
    EXPECT_NE(digest_of({1, 2, 2}), digest_of({1}));
    EXPECT_NE(digest_of({1, 2, 2}), digest_of({1, 2}));
}

TEST(Digest, SeesOneFlippedBitAnywhereInARow) {
    const Row plain = row(7);
    Digest of_plain;
    of_plain.add(1, std::as_bytes(std::span(plain)));
    for (std::size_t bit = 0; bit < 64 * plain.size(); ++bit) {
        SCOPED_TRACE(bit);
        Row flipped = plain;
        flipped[bit / 64] ^= std::uint64_t{1} << (bit % 64);
        Digest of_flipped;
        of_flipped.add(1, std::as_bytes(std::span(flipped)));
        EXPECT_NE(of_plain, of_flipped);
    }
}

TEST(Digest, TellsTablesApart) {
    EXPECT_NE(digest_of({1}, 1), digest_of({1}, 2));
}

TEST(Digest, CarriesFromTheLowHalfToTheHigh) {
    Digest ones;
    ASSERT_TRUE(Digest::from_hex("0000000000000000ffffffffffffffff", ones));
    Digest one;
    ASSERT_TRUE(Digest::from_hex("00000000000000000000000000000001", one));
    ones += one;
    EXPECT_EQ(ones.to_hex(), "00000000000000010000000000000000");
}

TEST(Digest, IsXxh3OfTheRowSeededWithItsTag) {
    // From the reference implementation: XXH128_hash_t XXH3_128bits_withSeed("", 0, 0).
    Digest digest;
    digest.add(0, {});
    EXPECT_EQ(digest.to_hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Digest, ComesBackFromItsText) {
    const Digest digest = digest_of({1, 2, 3});
    Digest read;
    ASSERT_TRUE(Digest::from_hex(digest.to_hex(), read));
    EXPECT_EQ(read, digest);
}

TEST(Digest, RefusesTextOfAnotherForm) {
    Digest digest;
    EXPECT_FALSE(Digest::from_hex("", digest));
    EXPECT_FALSE(Digest::from_hex("0123456789abcdef0123456789abcde", digest));
    EXPECT_FALSE(Digest::from_hex("0123456789ABCDEF0123456789abcdef", digest));
    EXPECT_EQ(digest, Digest());
}

}  // namespace
}  // namespace regatta
