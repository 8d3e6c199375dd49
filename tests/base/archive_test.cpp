#include "regatta/base/archive.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <boost/serialization/array.hpp>
#include <boost/serialization/utility.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace regatta {
namespace {

enum class Colour : std::uint8_t { Red, Blue };

/// Many go as one block.
struct Entry {
    static constexpr bool kGoesAsBlock = true;
    std::uint32_t at = 0;
    std::uint32_t value = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& at& value;
    }
    bool operator==(const Entry&) const = default;
};
static_assert(GoesAsBlock<Entry>);

/// Of everything that state is made of.
struct Everything {
    bool is_there = false;
    Colour colour = Colour::Red;
    double number = 0;
    std::string text;
    std::vector<Entry> entries;
    std::vector<bool> flags;
    std::vector<std::vector<std::int64_t>> nested;
    std::deque<std::uint16_t> queue;
    std::map<std::string, Entry> named;
    std::set<std::pair<std::int64_t, std::uint32_t>> pairs;
    std::array<Colour, 3> fixed{};
    int plain[2] = {};

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& is_there& colour& number& text& entries& flags& nested& queue& named& pairs& fixed& plain;
    }
    bool operator==(const Everything&) const = default;
};

/// One field after the other.
struct Fields {
    std::uint8_t small = 0;
    std::uint64_t large = 0;

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& small& large;
    }
    bool operator==(const Fields&) const = default;
};

Everything arbitrary() {
    using rc::gen::arbitrary;
    Everything all;
    all.is_there = *arbitrary<bool>();
    all.colour = *rc::gen::element(Colour::Red, Colour::Blue);
    all.number = *arbitrary<double>();
    all.text = *arbitrary<std::string>();
    for (const auto& [at, value] : *arbitrary<std::vector<std::pair<std::uint32_t, std::uint32_t>>>())
        all.entries.push_back({at, value});
    all.flags = *arbitrary<std::vector<bool>>();
    all.nested = *arbitrary<std::vector<std::vector<std::int64_t>>>();
    all.queue = *arbitrary<std::deque<std::uint16_t>>();
    for (const std::string& name : *arbitrary<std::vector<std::string>>())
        all.named[name] = {1, static_cast<std::uint32_t>(name.size())};
    all.pairs = *arbitrary<std::set<std::pair<std::int64_t, std::uint32_t>>>();
    all.fixed[1] = all.colour;
    all.plain[1] = *arbitrary<int>();
    return all;
}

ByteBlock bytes_of(const Everything& all) {
    ByteBlock bytes(7, 'x');  // what was there is not kept
    OutArchive(bytes) << all;
    return bytes;
}

RC_GTEST_PROP(Archives, GiveBackWhatWasWritten, ()) {
    const Everything written = arbitrary();
    const ByteBlock bytes = bytes_of(written);
    InArchive archive(bytes);
    Everything read = arbitrary();
    archive >> read;
    RC_ASSERT(archive.left() == 0u);
    RC_ASSERT(read == written);
}

RC_GTEST_PROP(Archives, EndWhereverTheBytesDo, ()) {
    const ByteBlock whole = bytes_of(arbitrary());
    const auto length = *rc::gen::inRange<std::size_t>(0, whole.size());
    Everything read;
    RC_ASSERT_THROWS_AS(InArchive(std::span(whole).first(length)) >> read, ArchiveEnds);
}

TEST(Archives, TakeAByteForASmallCountAndNoneForClasses) {
    ByteBlock bytes;
    OutArchive(bytes) << std::vector<Fields>(246);
    EXPECT_EQ(bytes.size(), 1 + 246u * 2u);
    OutArchive(bytes) << std::vector<Entry>(247);
    EXPECT_EQ(bytes.size(), 2 + 247u * 8u);
    OutArchive(bytes) << std::map<std::uint8_t, std::uint8_t>{{1, 2}, {3, 4}};
    EXPECT_EQ(bytes.size(), 5u);
}

/// Its integers go in pairs, whatever lies between them.
struct Sparse {
    static constexpr bool kGoesTogether = true;
    std::uint16_t rare = 0;
    std::int64_t time = 0;
    std::uint32_t rare_too = 0;
    std::uint8_t byte = 0;
    double number = 0;
    std::int16_t small = 0;
    bool is_there = false;
    Fields fields = {};

    template <class Archive>
    void serialize(Archive& archive, unsigned /*version*/) {
        archive& time& byte& number& small& is_there;
        if (is_there) archive& fields;
        serialize_mostly_zero(archive, rare, rare_too);
    }
    bool operator==(const Sparse&) const = default;
};
static_assert(GoesTogether<Sparse> && !GoesTogether<Fields>);

std::vector<Sparse> arbitrary_sparse() {
    const auto number = rc::gen::weightedOneOf<std::int64_t>(
        {{3, rc::gen::just<std::int64_t>(0)},
         {1, rc::gen::arbitrary<std::int64_t>()},
         {1, rc::gen::element<std::int64_t>(INT64_MAX, INT64_MIN, -1, INT16_MIN, UINT16_MAX - 1, UINT32_MAX - 1)}});
    const auto values = *rc::gen::container<std::vector<std::array<std::int64_t, 5>>>(
        rc::gen::apply([](auto... each) { return std::array{each...}; }, number, number, number, number, number));
    std::vector<Sparse> all;
    for (const auto& [rare, time, rare_too, small, large] : values)
        all.push_back({.rare = static_cast<std::uint16_t>(rare),
                       .time = time,
                       .rare_too = static_cast<std::uint32_t>(rare_too),
                       .byte = 255,
                       .number = 0.1,
                       .small = static_cast<std::int16_t>(small),
                       .is_there = large != 0,
                       .fields = {.small = 7, .large = static_cast<std::uint64_t>(large)}});
    for (Sparse& sparse : all)
        if (!sparse.is_there) sparse.fields = {};
    return all;
}

RC_GTEST_PROP(Archives, GiveBackWhatLiesTogether, ()) {
    const std::vector<Sparse> all = arbitrary_sparse();
    ByteBlock bytes;
    OutArchive(bytes) << all << std::uint64_t{300};
    std::vector<Sparse> read(3, {.rare = 7, .rare_too = 7});  // what was there is not kept
    std::uint64_t last = 0;
    InArchive archive(bytes);
    archive >> read >> last;
    RC_ASSERT(read == all);
    RC_ASSERT(last == 300u);
    RC_ASSERT(archive.left() == 0u);
}

RC_GTEST_PROP(Archives, EndWhereverTheBytesOfWhatLiesTogetherDo, ()) {
    ByteBlock whole;
    OutArchive(whole) << arbitrary_sparse();
    const auto length = *rc::gen::inRange<std::size_t>(0, whole.size());
    std::vector<Sparse> read;
    RC_ASSERT_THROWS_AS(InArchive(std::span(whole).first(length)) >> read, ArchiveEnds);
}

template <class... Fields>
std::size_t bytes_together(Fields... fields) {
    ByteBlock bytes;
    {
        OutArchive archive(bytes);
        serialize_together(archive, fields...);
    }
    InArchive archive(bytes);
    std::tuple<Fields...> read;
    std::apply([&archive](auto&... each) { serialize_together(archive, each...); }, read);
    EXPECT_EQ(read, std::tuple(fields...));
    EXPECT_EQ(archive.left(), 0u);
    return bytes.size();
}

TEST(Archives, TakeHalfAByteMoreForANumberThatLiesWithOthers) {
    EXPECT_EQ(bytes_together(std::int64_t{0}, UINT32_MAX, std::uint16_t{UINT16_MAX}, UINT64_MAX), 2u);
    EXPECT_EQ(bytes_together(std::uint32_t{254}, std::uint32_t{255}), 4u);
    EXPECT_EQ(bytes_together(INT64_MAX, INT64_MIN, std::uint64_t{UINT64_MAX - 1}), 26u);
    EXPECT_EQ(bytes_together(true, std::int64_t{-128}, 0.5, std::int64_t{127}, std::uint8_t{9}), 13u);
}

TEST(Archives, RefuseLengthsAndNumbersTooLargeForThoseTogether) {
    ByteBlock bytes(12, '\x09');
    std::uint64_t large = 0;
    InArchive nine(bytes);
    EXPECT_THROW(serialize_together(nine, large), ArchiveEnds);
    bytes = ByteBlock(12, '\x90');
    InArchive nine_of_second(bytes);
    std::uint64_t second = 0;
    EXPECT_THROW(serialize_together(nine_of_second, large, second), ArchiveEnds);
    bytes = ByteBlock(12, '\x03');
    InArchive three(bytes);
    std::uint16_t small = 0;
    EXPECT_THROW(serialize_together(three, small), ArchiveEnds);
    EXPECT_EQ(small, 0u);
}

template <class T>
bool goes_as_one_by_one(const std::vector<T>& values) {
    ByteBlock bytes;
    OutArchive(bytes) << values;
    ByteBlock one_by_one;
    OutArchive(one_by_one) << std::deque<T>(values.begin(), values.end());
    return bytes == one_by_one;
}

TEST(Archives, WriteBlocksOfSmallNumbersAsOneByOne) {
    for (std::uint16_t value = 0; value < 300; ++value) {
        std::vector<std::uint32_t> counts(130, 3);
        counts[70] = value;
        EXPECT_TRUE(goes_as_one_by_one(counts)) << value;
        EXPECT_TRUE(goes_as_one_by_one(std::vector<std::uint16_t>{1, value, 3})) << value;
        std::vector<std::int16_t> offsets(130, -3);
        offsets[70] = static_cast<std::int16_t>(value - 150);
        EXPECT_TRUE(goes_as_one_by_one(offsets)) << value - 150;
    }
}

RC_GTEST_PROP(Archives, WriteManyNumbersAsOneByOne, (const std::vector<std::int64_t>& numbers)) {
    RC_ASSERT(goes_as_one_by_one(numbers));
}

template <class T>
std::size_t bytes_for(T value) {
    ByteBlock bytes;
    OutArchive(bytes) << value;
    InArchive archive(bytes);
    T read{};
    archive >> read;
    EXPECT_EQ(read, value);
    EXPECT_EQ(archive.left(), 0u);
    return bytes.size();
}

TEST(Archives, LeaveLeadingZerosOut) {
    EXPECT_EQ(bytes_for<std::uint64_t>(0), 1u);
    EXPECT_EQ(bytes_for<std::uint64_t>(245), 1u);
    EXPECT_EQ(bytes_for<std::uint64_t>(246), 2u);
    EXPECT_EQ(bytes_for<std::uint64_t>(1'000'000), 4u);
    EXPECT_EQ(bytes_for<std::uint64_t>(UINT64_MAX - 1), 9u);
    EXPECT_EQ(bytes_for<std::uint64_t>(UINT64_MAX), 1u) << "it stands for none";
    EXPECT_EQ(bytes_for<std::uint32_t>(UINT32_MAX), 1u);
    EXPECT_EQ(bytes_for<std::uint16_t>(UINT16_MAX - 1), 3u);
    EXPECT_EQ(bytes_for<std::int64_t>(-1), 1u);
    EXPECT_EQ(bytes_for<std::int64_t>(-1'000'000), 4u);
    EXPECT_EQ(bytes_for<std::int64_t>(INT64_MAX), 9u);
    EXPECT_EQ(bytes_for<std::int64_t>(INT64_MIN), 9u);
    EXPECT_EQ(bytes_for<std::int32_t>(INT32_MIN), 5u);
    EXPECT_EQ(bytes_for<std::int16_t>(INT16_MAX), 3u);
    EXPECT_EQ(bytes_for<std::uint8_t>(255), 1u);
}

TEST(Archives, RefuseNumbersTooLargeForWhereTheyGo) {
    ByteBlock bytes;
    OutArchive(bytes) << std::uint64_t{70'000};
    std::uint16_t small = 0;
    EXPECT_THROW(InArchive(bytes) >> small, ArchiveEnds);
    EXPECT_EQ(small, 0u);
    bytes = ByteBlock(12, static_cast<char>(0xff));  // nine bytes, says the first
    std::uint64_t large = 0;
    EXPECT_THROW(InArchive(bytes) >> large, ArchiveEnds);
}

TEST(Archives, MakeNoRoomForMoreThanThereIs) {
    ByteBlock bytes;
    {
        OutArchive archive(bytes);
        archive << boost::serialization::collection_size_type(std::size_t{1} << 60U) << std::uint64_t{0};
    }
    std::vector<Entry> blocks;
    EXPECT_THROW(InArchive(bytes) >> blocks, ArchiveEnds);
    EXPECT_EQ(blocks.capacity(), 0u);
    std::vector<Fields> one_by_one;
    EXPECT_THROW(InArchive(bytes) >> one_by_one, ArchiveEnds);
    EXPECT_EQ(one_by_one.capacity(), 0u);
    std::string text;
    EXPECT_THROW(InArchive(bytes) >> text, ArchiveEnds);
    std::map<std::string, Entry> named;
    EXPECT_THROW(InArchive(bytes) >> named, ArchiveEnds);
}

TEST(Archives, TakeAnyByteButZeroForTrue) {
    const ByteBlock bytes = {2, 0};
    bool first = false;
    bool second = true;
    InArchive(bytes) >> first >> second;
    EXPECT_TRUE(first);
    EXPECT_FALSE(second);
}

}  // namespace
}  // namespace regatta
