#pragma once

/// Boost's binary archives, and how state lies in them: values one after the other and nothing else. What writes or
/// reads state includes this and not the library's headers, so that all agree on it.
///
/// The library would write an entry for each class and look it up for each object, which takes longer than all the
/// rest: a checkpoint of 12,500 nodes took 0.6 s that way. There are no pointers in state, and no versions: a
/// checkpoint is read by the program that wrote it.

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>

// Version 1.74 of the library forgets this one in set.hpp.
#include <boost/serialization/library_version_type.hpp>

#include <boost/serialization/deque.hpp>
#include <boost/serialization/is_bitwise_serializable.hpp>
#include <boost/serialization/level.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/tracking.hpp>
#include <boost/serialization/vector.hpp>
#include <type_traits>

#include "regatta/base/archive_fwd.hpp"

namespace regatta {

/// Stands for any archive where a type is asked whether it has `serialize`.
struct AnyArchive {
    template <class T>
    AnyArchive& operator&(T&&) {
        return *this;
    }
};

/// Serializes itself.
template <class T>
concept SerializesItself = std::is_class_v<T> && requires(T& object, AnyArchive& archive) {
    object.serialize(archive, 0U);
};

/// Bytes that are all value: no padding, no pointer, no floating point. Many of them go as one block.
template <class T>
concept AllBytesCount =
    SerializesItself<T> && std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

}  // namespace regatta

namespace boost::serialization {

template <regatta::SerializesItself T>
struct implementation_level_impl<const T> {
    using tag = mpl::integral_c_tag;
    using type = mpl::int_<object_serializable>;
    static constexpr int value = object_serializable;
};
template <regatta::SerializesItself T>
struct tracking_level_impl<const T> {
    using tag = mpl::integral_c_tag;
    using type = mpl::int_<track_never>;
    static constexpr int value = track_never;
};
template <class T>
struct implementation_level_impl<const std::vector<T>> {
    using tag = mpl::integral_c_tag;
    using type = mpl::int_<object_serializable>;
    static constexpr int value = object_serializable;
};
template <class T>
struct tracking_level_impl<const std::vector<T>> {
    using tag = mpl::integral_c_tag;
    using type = mpl::int_<track_never>;
    static constexpr int value = track_never;
};
template <regatta::AllBytesCount T>
struct is_bitwise_serializable<T> : mpl::true_ {};

}  // namespace boost::serialization
