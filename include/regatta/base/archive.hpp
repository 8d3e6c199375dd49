#pragma once

/// State as bytes: values one after the other and nothing else, integers without their leading zeros. Types say what
/// belongs to them as Boost.Serialization has it (`serialize`, `save` and `load`), containers come from that library,
/// and these two classes are archives in its sense.
///
/// Its own binary archives would do the same, several times slower: each makes a locale, each value goes through a
/// virtual stream, each class is entered in a table. There are no pointers in state and no versions: bytes are read by
/// the program that wrote them, on a machine of the same kind.

#include <boost/mpl/bool.hpp>
#include <boost/version.hpp>

// Version 1.74 of the library forgets this one in set.hpp.
#include <boost/serialization/library_version_type.hpp>

#include <algorithm>
#include <bit>
#include <boost/serialization/array.hpp>
#include <boost/serialization/array_optimization.hpp>
#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/collection_size_type.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/is_bitwise_serializable.hpp>
#include <boost/serialization/item_version_type.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/vector.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "regatta/base/archive_fwd.hpp"
#include "regatta/base/byte_block.hpp"

namespace regatta {

/// Says of itself that many of it go as one block, for speed. What it has of padding goes along, whatever it is.
template <class T>
concept GoesAsBlock = T::kGoesAsBlock && std::is_trivially_copyable_v<T>;

/// Says of itself that it has nothing elsewhere, and saves no part of itself twice: then room for all of it can be made
/// at once, which is for types of which there are many.
template <class T>
concept GoesTogether = T::kGoesTogether && std::is_trivially_copyable_v<T>;

/// There are fewer bytes than what was read needs, a count of more elements than could follow, or a number too large
/// for what it is read into.
class ArchiveEnds : public std::runtime_error {
public:
    ArchiveEnds() : std::runtime_error("the bytes end too early") {}
};

/// How integers lie in an archive. Those of which many are small take a byte: 0, -1 and the largest unsigned one, which
/// stands for "none", are always among them.
namespace integers {

static_assert(std::endian::native == std::endian::little);

/// Codes below this are a byte; of others, the byte says how many follow.
inline constexpr std::uint64_t kLong = 247;
inline constexpr std::size_t kMostBytes = 9;

/// Of a byte there is nothing to be saved.
template <class T>
concept Coded = std::integral<T> && sizeof(T) > 1;

template <Coded T>
constexpr std::make_unsigned_t<T> code_of(T value) {
    using Code = std::make_unsigned_t<T>;
    if constexpr (std::is_unsigned_v<T>) return static_cast<Code>(value + 1U);
    const Code sign = static_cast<Code>(value < 0 ? ~Code{0} : Code{0});
    return static_cast<Code>(static_cast<Code>(static_cast<Code>(value) << 1U) ^ sign);
}
template <Coded T>
constexpr T value_of(std::uint64_t code) {
    if constexpr (std::is_unsigned_v<T>) return static_cast<T>(code - 1U);
    return static_cast<T>(static_cast<std::int64_t>((code >> 1U) ^ (~(code & 1U) + 1U)));
}

/// Where the next one goes. Up to kMostBytes are written over. Which numbers are small is a matter of chance in many a
/// field: masks choose, since compilers make a branch of what looks like one.
inline char* write(char* at, std::uint64_t code) {
    const auto significant = (static_cast<std::uint64_t>(std::bit_width(code | 1U)) + 7) / 8;
    const std::uint64_t if_long = ~std::uint64_t{code >= kLong} + 1;
    *at = static_cast<char>(code ^ ((code ^ (kLong - 1 + significant)) & if_long));
    std::memcpy(at + 1, &code, sizeof code);
    return at + 1 + (significant & if_long);
}

}  // namespace integers

/// What both archives are to Boost.Serialization.
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

/// Writes the parts of a value where room for them has been made.
class OutParts : public ArchiveTraits {
public:
    using is_saving = boost::mpl::true_;
    using is_loading = boost::mpl::false_;

    /// Of all within `bytes` of memory, this many bytes suffice, even with one more for each field
    /// (serialize_mostly_zero): an integer takes one more than it has, and has two at least.
    static constexpr std::size_t room_for(std::size_t bytes) { return 2 * bytes + integers::kMostBytes; }

    explicit OutParts(char* at) : at_(at) {}

    template <class T>
    [[gnu::always_inline]] OutParts& operator&(const T& value) {
        if constexpr (integers::Coded<T>) {
            at_ = integers::write(at_, integers::code_of(value));
        } else if constexpr (kIsPlain<T>) {
            std::memcpy(at_, &value, sizeof value);
            at_ += sizeof value;
        } else {
            const_cast<T&>(value).serialize(*this, 0U);
        }
        return *this;
    }
    /// As one by one. Most numbers of which there are many are small: blocks of those go as bytes.
    template <integers::Coded T>
    void save_each(std::span<const T> values) {
        constexpr std::size_t kBlock = 64;
        for (; values.size() >= kBlock; values = values.subspan(kBlock)) {
            bool is_small = true;
            for (std::size_t i = 0; i < kBlock; ++i)
                is_small &= integers::code_of(values[i]) < integers::kLong;
            if (!is_small) {
                for (std::size_t i = 0; i < kBlock; ++i)
                    *this& values[i];
                continue;
            }
            for (std::size_t i = 0; i < kBlock; ++i)
                at_[i] = static_cast<char>(integers::code_of(values[i]));
            at_ += kBlock;
        }
        for (const T value : values)
            *this& value;
    }
    [[nodiscard]] char* at() const { return at_; }

private:
    char* at_;
};

/// Writes from the start of a buffer, which has its length when the archive is gone.
class OutArchive : public ArchiveTraits {
public:
    using is_saving = boost::mpl::true_;
    using is_loading = boost::mpl::false_;

    explicit OutArchive(ByteBlock& bytes) : bytes_(bytes) {}
    OutArchive(const OutArchive&) = delete;
    OutArchive& operator=(const OutArchive&) = delete;
    ~OutArchive() { bytes_.resize(size_); }

    template <class T>
    OutArchive& operator<<(const T& value) {
        if constexpr (integers::Coded<T>)
            save_code(integers::code_of(value));
        else if constexpr (kIsPlain<T>)
            save_binary(&value, sizeof value);
        else if constexpr (GoesTogether<T>)
            save_parts(sizeof value, [&value](OutParts& parts) { const_cast<T&>(value).serialize(parts, 0U); });
        else
            boost::serialization::serialize_adl(*this, const_cast<T&>(value), 0U);
        return *this;
    }
    template <class T, std::size_t kCount>
    OutArchive& operator<<(const T (&values)[kCount]) {
        return *this << boost::serialization::make_array(values, kCount);
    }
    OutArchive& operator<<(const std::string& text) {
        *this << boost::serialization::collection_size_type(text.size());
        save_binary(text.data(), text.size());
        return *this;
    }
    template <integers::Coded T>
    OutArchive& operator<<(const std::vector<T>& values) {
        save_code(values.size());
        save_parts(values.size() * sizeof(T), [&values](OutParts& parts) { parts.save_each(std::span(values)); });
        return *this;
    }
    OutArchive& operator<<(const boost::serialization::collection_size_type& count) {
        save_code(count);
        return *this;
    }
    OutArchive& operator<<(const boost::serialization::item_version_type&) { return *this; }
    template <class T>
    OutArchive& operator&(const T& value) {
        return *this << value;
    }

    template <class T>
    void save_array(const boost::serialization::array_wrapper<T>& values, unsigned /*version*/) {
        save_binary(values.address(), values.count() * sizeof(T));
    }
    void save_binary(const void* data, std::size_t count) {
        if (count == 0) return;
        if (count > bytes_.size() - size_) grow(count);
        std::memcpy(bytes_.data() + size_, data, count);
        size_ += count;
    }
    /// Bytes so far.
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    void save_code(std::uint64_t code) {
        if (bytes_.size() - size_ < integers::kMostBytes) grow(integers::kMostBytes);
        size_ = static_cast<std::size_t>(integers::write(bytes_.data() + size_, code) - bytes_.data());
    }
    /// Of what lies within so many bytes of memory.
    template <class Save>
    void save_parts(std::size_t bytes, Save&& save) {
        const std::size_t most = OutParts::room_for(bytes);
        if (bytes_.size() - size_ < most) grow(most);
        OutParts parts(bytes_.data() + size_);
        save(parts);
        size_ = static_cast<std::size_t>(parts.at() - bytes_.data());
    }
    /// Memory that is there but has never been used is taken by and by: the first use of it takes longer than to fill
    /// it.
    void grow(std::size_t count) {
        const std::size_t small_step = std::max(size_ + count, bytes_.size() + bytes_.size() / 8 + 4096);
        const bool is_there = small_step <= bytes_.capacity();
        bytes_.resize(is_there ? small_step : std::max<std::size_t>({64, 2 * bytes_.size(), size_ + count}));
    }

    ByteBlock& bytes_;
    std::size_t size_ = 0;
};

/// Reads bytes where they lie. Every operation throws ArchiveEnds when they do not suffice; nothing makes room for more
/// elements than there are bytes.
class InArchive : public ArchiveTraits {
public:
    using is_saving = boost::mpl::false_;
    using is_loading = boost::mpl::true_;

    explicit InArchive(std::span<const char> bytes) : bytes_(bytes) {}
    InArchive(const InArchive&) = delete;
    InArchive& operator=(const InArchive&) = delete;

    template <class T>
    InArchive& operator>>(T&& target) {
        using Value = std::remove_cvref_t<T>;
        auto& value = const_cast<Value&>(target);
        if constexpr (std::is_same_v<Value, bool>)
            value = load_byte() != 0;
        else if constexpr (integers::Coded<Value>) {
            const std::uint64_t code = load_code();
            if (code > std::numeric_limits<std::make_unsigned_t<Value>>::max()) throw ArchiveEnds();
            value = integers::value_of<Value>(code);
        } else if constexpr (kIsPlain<Value>)
            load_binary(&value, sizeof value);
        else if constexpr (std::is_array_v<Value>)
            *this >> boost::serialization::make_array(std::data(value), std::size(value));
        else
            boost::serialization::serialize_adl(*this, value, 0U);
        return *this;
    }
    InArchive& operator>>(std::string& text) {
        text.resize(count_of_what_follows());
        load_binary(text.data(), text.size());
        return *this;
    }
    InArchive& operator>>(boost::serialization::collection_size_type& count) {
        count = boost::serialization::collection_size_type(count_of_what_follows());
        return *this;
    }
    InArchive& operator>>(boost::serialization::item_version_type&) { return *this; }
    template <class T>
    InArchive& operator&(T&& value) {
        return *this >> value;
    }

    template <class T>
    void load_array(boost::serialization::array_wrapper<T>& values, unsigned /*version*/) {
        load_binary(values.address(), values.count() * sizeof(T));
    }
    void load_binary(void* data, std::size_t count) {
        if (count > bytes_.size()) throw ArchiveEnds();
        if (count == 0) return;
        std::memcpy(data, bytes_.data(), count);
        bytes_ = bytes_.subspan(count);
    }
    static void reset_object_address(const void*, const void*) {}
    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

private:
    std::size_t count_of_what_follows() {
        const std::uint64_t count = load_code();
        // Whatever is counted takes a byte at least.
        if (count > left()) throw ArchiveEnds();
        return count;
    }
    std::uint8_t load_byte() {
        std::uint8_t byte = 0;
        load_binary(&byte, sizeof byte);
        return byte;
    }
    std::uint64_t load_code() {
        const std::uint64_t first = load_byte();
        if (first < integers::kLong) return first;
        std::uint64_t code = 0;
        const std::uint64_t significant = first - (integers::kLong - 1);
        if (significant > sizeof code) throw ArchiveEnds();
        load_binary(&code, significant);
        return code;
    }

    std::span<const char> bytes_;
};

/// Of fields that are mostly zero, a byte says which are not, and only those follow.
template <class Archive, class... Fields>
[[gnu::always_inline]] inline void serialize_mostly_zero(Archive& archive, Fields&... fields) {
    static_assert(sizeof...(fields) <= 8);
    unsigned nonzero = 0;
    unsigned bit = 0;
    if constexpr (Archive::is_saving::value) ((nonzero |= static_cast<unsigned>(fields != Fields()) << bit++), ...);
    auto byte = static_cast<std::uint8_t>(nonzero);
    archive& byte;
    nonzero = byte;
    if constexpr (Archive::is_saving::value)
        if (nonzero == 0) return;
    bit = 0;
    const auto field = [&](auto& value) {
        if ((nonzero >> bit++ & 1U) != 0)
            archive& value;
        else if constexpr (Archive::is_loading::value)
            value = {};
    };
    (field(fields), ...);
}

}  // namespace regatta

namespace boost::serialization {

template <regatta::GoesAsBlock T>
struct is_bitwise_serializable<T> : mpl::true_ {};
template <>
struct is_bitwise_serializable<std::byte> : mpl::true_ {};

template <>
struct use_array_optimization<regatta::OutArchive> {
    template <class T>
    struct apply : mpl::bool_<!regatta::integers::Coded<std::remove_const_t<T>> &&
                              is_bitwise_serializable<std::remove_const_t<T>>::value> {};
};
template <>
struct use_array_optimization<regatta::InArchive> : use_array_optimization<regatta::OutArchive> {};

}  // namespace boost::serialization
