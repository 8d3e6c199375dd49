#pragma once

/// Names of the archives, so that headers can declare how state leaves the process without including Boost.
namespace regatta {
class OutArchive;
class InArchive;
}  // namespace regatta
