#pragma once

/// State as bytes: values one after the other and nothing else. Types say what belongs to them as Boost.Serialization
/// has it (`serialize`, `save` and `load`), containers come from that library, and these two classes are archives in
/// its sense.
///
/// Its own binary archives would do the same, 20 times slower: each makes a locale, each value goes through a virtual
/// stream, each class is entered in a table. There are no pointers in state and no versions: bytes are read by the
/// program that wrote them, on a machine of the same kind.

#include <boost/mpl/bool.hpp>

// Version 1.74 of the library forgets this one in set.hpp.
#include <boost/serialization/library_version_type.hpp>

#include <algorithm>
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
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "regatta/base/archive_fwd.hpp"

namespace regatta {

/// Stands for any archive where a type is asked whether it has `serialize`.
struct AnyArchive {
    template <class T>
    AnyArchive& operator&(T&&) {
        return *this;
    }
};

/// Bytes that are all value: no padding, no pointer, no floating point. Many of them go as one block.
template <class T>
concept AllBytesCount = std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
    std::has_unique_object_representations_v<T> && requires(T& object, AnyArchive& archive) {
    object.serialize(archive, 0U);
};

/// There are fewer bytes than what was read needs, or a count of more elements than could follow.
class ArchiveEnds : public std::runtime_error {
public:
    ArchiveEnds() : std::runtime_error("the bytes end too early") {}
};

/// What both archives are to Boost.Serialization.
class ArchiveTraits {
public:
    [[nodiscard]] static boost::serialization::library_version_type get_library_version() {
        return boost::serialization::library_version_type(BOOST_VERSION / 100 % 1000);
    }
    template <class T>
    static void register_type(const T* = nullptr) {}

protected:
    /// Counts below this take one byte, all others nine.
    static constexpr std::uint8_t kLargeCount = 255;
    template <class T>
    static constexpr bool kIsNumber = std::is_arithmetic_v<T> || std::is_enum_v<T>;
};

/// Writes from the start of a buffer, which has its length when the archive is gone.
class OutArchive : public ArchiveTraits {
public:
    using is_saving = boost::mpl::true_;
    using is_loading = boost::mpl::false_;

    explicit OutArchive(std::vector<char>& bytes) : bytes_(bytes) {}
    OutArchive(const OutArchive&) = delete;
    OutArchive& operator=(const OutArchive&) = delete;
    ~OutArchive() { bytes_.resize(size_); }

    template <class T>
    OutArchive& operator<<(const T& value) {
        if constexpr (kIsNumber<T>)
            save_binary(&value, sizeof value);
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
    OutArchive& operator<<(const boost::serialization::collection_size_type& count) {
        const std::uint64_t number = count;
        if (number < kLargeCount) return *this << static_cast<std::uint8_t>(number);
        return *this << kLargeCount << number;
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
    void grow(std::size_t count) { bytes_.resize(std::max<std::size_t>({64, 2 * bytes_.size(), size_ + count})); }

    std::vector<char>& bytes_;
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
            value = number<std::uint8_t>() != 0;
        else if constexpr (kIsNumber<Value>)
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
        const auto small = number<std::uint8_t>();
        const std::uint64_t count = small < kLargeCount ? small : number<std::uint64_t>();
        // Whatever is counted takes a byte at least.
        if (count > left()) throw ArchiveEnds();
        return count;
    }
    template <class T>
    T number() {
        T value{};
        load_binary(&value, sizeof value);
        return value;
    }

    std::span<const char> bytes_;
};

}  // namespace regatta

namespace boost::serialization {

template <regatta::AllBytesCount T>
struct is_bitwise_serializable<T> : mpl::true_ {};
template <>
struct is_bitwise_serializable<std::byte> : mpl::true_ {};

template <>
struct use_array_optimization<regatta::OutArchive> {
    template <class T>
    struct apply : is_bitwise_serializable<std::remove_const_t<T>>::type {};
};
template <>
struct use_array_optimization<regatta::InArchive> {
    template <class T>
    struct apply : is_bitwise_serializable<std::remove_const_t<T>>::type {};
};

}  // namespace boost::serialization
