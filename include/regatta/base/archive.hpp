#pragma once

/// State as bytes: values one after the other and nothing else, integers without their leading zeros. Types say what
/// belongs to them as Boost.Serialization has it (`serialize`, `save` and `load`), containers come from that library,
/// and these two classes are archives in its sense.
///
/// Its own binary archives would do the same, several times slower: each makes a locale, each value goes through a
/// virtual stream, each class is entered in a table. There are no pointers in state and no versions: bytes are read by
/// the program that wrote them, on a machine of the same kind.

// Before all others: includes what version 1.74 of the library forgets.
#include "regatta/base/archive_parts.hpp"

#include <algorithm>
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
#include <span>
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
            together(sizeof value, [&value](OutParts& parts) { parts& value; });
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
        char* const at = room_for(integers::most_bytes(values.size() * sizeof(T)));
        size_ = offset_of(integers::write_each(at, std::span(values)));
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
        std::memcpy(room_for(count), data, count);
        size_ += count;
    }
    /// `save(parts)` writes what lies within so many bytes of memory.
    template <class Save>
    void together(std::size_t bytes, const Save& save) {
        OutParts parts(room_for(integers::most_bytes(bytes)));
        save(parts);
        size_ = offset_of(parts.at());
    }
    /// Bytes so far.
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    void save_code(std::uint64_t code) { size_ = offset_of(integers::write(room_for(integers::kMostBytes), code)); }
    char* room_for(std::size_t count) {
        if (bytes_.size() - size_ < count) grow(count);
        return bytes_.data() + size_;
    }
    [[nodiscard]] std::size_t offset_of(const char* at) const { return static_cast<std::size_t>(at - bytes_.data()); }
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
        else if constexpr (integers::Coded<Value>)
            value = integers::value_of<Value>(load_code());
        else if constexpr (GoesTogether<Value>)
            together(sizeof value, [&value](InParts<InArchive>& parts) { parts& value; });
        else if constexpr (kIsPlain<Value>)
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
    std::uint8_t load_byte() {
        std::uint8_t byte = 0;
        load_binary(&byte, sizeof byte);
        return byte;
    }
    template <class Load>
    void together(std::size_t /*bytes*/, const Load& load) {
        InParts<InArchive> parts(*this);
        load(parts);
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

/// Fields that nobody reads one by one, with room made for all of them at once.
template <class Archive, class... Fields>
void serialize_together(Archive& archive, Fields&... fields) {
    archive.together((sizeof fields + ...), [&](auto& parts) { (parts & ... & fields); });
}

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
