#pragma once

/// Names of Boost's binary archives, so that headers can declare how state leaves the process without including Boost.
namespace boost::archive {
class binary_oarchive;
class binary_iarchive;
}  // namespace boost::archive

namespace regatta {
using OutArchive = boost::archive::binary_oarchive;
using InArchive = boost::archive::binary_iarchive;
}  // namespace regatta
