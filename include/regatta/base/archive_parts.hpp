#pragma once

/// How integers lie in an archive, one by one and where many of them belong to one value.

#include <boost/mpl/bool.hpp>
#include <boost/version.hpp>

// Version 1.74 of the library forgets this one in set.hpp.
#include <boost/serialization/library_version_type.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <type_traits>

namespace regatta {

/// There are fewer bytes than what was read needs, a count of more elements than could follow, or a number too large
/// for what it is read into.
class ArchiveEnds : public std::runtime_error {
public:
    ArchiveEnds() : std::runtime_error("the bytes end too early") {}
};

namespace integers {

static_assert(std::endian::native == std::endian::little);

/// Of a byte there is nothing to be saved.
template <class T>
concept Coded = std::integral<T> && sizeof(T) > 1;

/// What of an integer is written, without its leading zeros: few bytes for those near 0, and none for 0 itself and for
/// the largest unsigned one, which stands for "none".
template <Coded T>
constexpr std::make_unsigned_t<T> code_of(T value) {
    using Code = std::make_unsigned_t<T>;
    if constexpr (std::is_unsigned_v<T>) return static_cast<Code>(value + 1U);
    const Code sign = static_cast<Code>(value < 0 ? ~Code{0} : Code{0});
    return static_cast<Code>(static_cast<Code>(static_cast<Code>(value) << 1U) ^ sign);
}
/// Throws ArchiveEnds when it is too large for a T.
template <Coded T>
constexpr T value_of(std::uint64_t code) {
    if (code > std::numeric_limits<std::make_unsigned_t<T>>::max()) throw ArchiveEnds();
    if constexpr (std::is_unsigned_v<T>) return static_cast<T>(code - 1U);
    return static_cast<T>(static_cast<std::int64_t>((code >> 1U) ^ (~(code & 1U) + 1U)));
}

/// Of a code that is not 0.
constexpr std::uint64_t significant_bytes(std::uint64_t code) {
    return (static_cast<std::uint64_t>(std::bit_width(code | 1U)) + 7) / 8;
}

/// One by one, codes below this are a byte; of others, the byte says how many follow.
inline constexpr std::uint64_t kLong = 247;
inline constexpr std::size_t kMostBytes = 9;

/// What integers within `bytes` of memory take when they are written, one by one or in pairs, with what is written over
/// behind them; and even with one byte more for each (serialize_mostly_zero).
constexpr std::size_t most_bytes(std::size_t bytes) {
    return 2 * bytes + kMostBytes;
}

/// Where the next one goes. Up to kMostBytes are written over. Which numbers are small is a matter of chance in many a
/// field: masks choose, since compilers make a branch of what looks like one.
inline char* write(char* at, std::uint64_t code) {
    const std::uint64_t significant = significant_bytes(code);
    const std::uint64_t if_long = ~std::uint64_t{code >= kLong} + 1;
    *at = static_cast<char>(code ^ ((code ^ (kLong - 1 + significant)) & if_long));
    std::memcpy(at + 1, &code, sizeof code);
    return at + 1 + (significant & if_long);
}

/// As one by one. Most numbers of which there are many are small: blocks of those go as bytes.
template <Coded T>
char* write_each(char* at, std::span<const T> values) {
    constexpr std::size_t kBlock = 64;
    // A power of two, so that all codes of a block are told by their disjunction: of that compilers make vectors.
    constexpr std::uint64_t kSmall = 128;
    static_assert(kSmall < kLong);
    while (!values.empty()) {
        const std::span<const T> block = values.first(std::min(values.size(), kBlock));
        std::uint64_t all = 0;
        for (const T value : block)
            all |= code_of(value);
        if (all < kSmall) {
            for (const T value : block)
                *at++ = static_cast<char>(code_of(value));
        } else {
            for (const T value : block)
                at = write(at, code_of(value));
        }
        values = values.subspan(block.size());
    }
    return at;
}

}  // namespace integers

/// What all archives are to Boost.Serialization.
class ArchiveTraits {
public:
    [[nodiscard]] static boost::serialization::library_version_type get_library_version() {
        return boost::serialization::library_version_type(BOOST_VERSION / 100 % 1000);
    }
    template <class T>
    static void register_type(const T* = nullptr) {}

protected:
    /// Its bytes go as they are.
    template <class T>
    static constexpr bool kIsPlain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
};

/// Writes the parts of a value where room for them has been made. Its integers go in pairs, whatever lies between them:
/// half a byte says of each how many bytes it has. Half the instructions of one by one.
class OutParts : public ArchiveTraits {
public:
    using is_saving = boost::mpl::true_;
    using is_loading = boost::mpl::false_;

    /// There are integers::most_bytes() of what comes.
    explicit OutParts(char* at) : at_(at) {}

    template <class T>
    [[gnu::always_inline]] OutParts& operator&(const T& value) {
        if constexpr (integers::Coded<T>) {
            put(integers::code_of(value));
        } else if constexpr (kIsPlain<T>) {
            std::memcpy(at_, &value, sizeof value);
            at_ += sizeof value;
        } else {
            const_cast<T&>(value).serialize(*this, 0U);
        }
        return *this;
    }
    [[nodiscard]] char* at() const { return at_; }

private:
    [[gnu::always_inline]] void put(std::uint64_t code) {
        const std::uint64_t bytes = integers::significant_bytes(code) - std::uint64_t{code == 0};
        if (!is_second_) {
            lengths_at_ = at_++;
            first_length_ = bytes;
            *lengths_at_ = static_cast<char>(bytes);
        } else {
            *lengths_at_ = static_cast<char>(first_length_ | bytes << 4U);
        }
        is_second_ = !is_second_;
        std::memcpy(at_, &code, sizeof code);
        at_ += bytes;
    }

    char* at_;
    char* lengths_at_ = nullptr;  ///< of the pair
    std::uint64_t first_length_ = 0;
    bool is_second_ = false;
};

/// Reads what OutParts has written, from an archive that loads bytes.
template <class Archive>
class InParts : public ArchiveTraits {
public:
    using is_saving = boost::mpl::false_;
    using is_loading = boost::mpl::true_;

    explicit InParts(Archive& archive) : archive_(archive) {}

    template <class T>
    InParts& operator&(T& value) {
        if constexpr (std::is_same_v<T, bool>)
            value = archive_.load_byte() != 0;
        else if constexpr (integers::Coded<T>)
            value = integers::value_of<T>(next());
        else if constexpr (kIsPlain<T>)
            archive_.load_binary(&value, sizeof value);
        else
            value.serialize(*this, 0U);
        return *this;
    }

private:
    std::uint64_t next() {
        if (!is_second_) lengths_ = archive_.load_byte();
        const std::uint64_t bytes = is_second_ ? lengths_ >> 4U : lengths_ & 0xfU;
        is_second_ = !is_second_;
        std::uint64_t code = 0;
        if (bytes > sizeof code) throw ArchiveEnds();
        archive_.load_binary(&code, bytes);
        return code;
    }

    Archive& archive_;
    std::uint64_t lengths_ = 0;  ///< of the pair
    bool is_second_ = false;
};

}  // namespace regatta
