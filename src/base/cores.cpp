#include "base/cores.hpp"

#include <fmt/format.h>

#include <cstring>
#include <fstream>

#include "regatta/base/errors.hpp"

namespace regatta {

CoreSet CoreSet::of_this_thread() {
    CoreSet set;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> set.machine_;
    if (::sched_getaffinity(0, sizeof set.cores_, &set.cores_) != 0) CPU_ZERO(&set.cores_);
    return set;
}

void CoreSet::add(const CoreSet& others) {
    if (others.machine_ == machine_) CPU_OR(&cores_, &cores_, &others.cores_);
}

void CoreSet::let_this_thread_run() const {
    if (count() > 0) ::sched_setaffinity(0, sizeof cores_, &cores_);
}

std::string CoreSet::to_bytes() const {
    return std::string(reinterpret_cast<const char*>(&cores_), sizeof cores_) + machine_;
}

CoreSet CoreSet::from_bytes(const std::string& bytes) {
    CoreSet set;
    REGATTA_CHECK(bytes.size() >= sizeof set.cores_, fmt::format("{} bytes are no set of cores", bytes.size()));
    std::memcpy(&set.cores_, bytes.data(), sizeof set.cores_);
    set.machine_ = bytes.substr(sizeof set.cores_);
    return set;
}

}  // namespace regatta
