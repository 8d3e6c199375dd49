#include "app/directory_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "regatta/base/errors.hpp"

namespace regatta::app {

void DirectoryLock::take(const std::string& directory) {
    release();
    descriptor_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        release();
        throw InputError(fmt::format("{}: another regatta run is writing into it", directory));
    }
}

void DirectoryLock::release() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace regatta::app
