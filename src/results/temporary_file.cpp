#include "results/temporary_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "regatta/base/errors.hpp"

namespace regatta::results {
namespace {

/// Paths of the temporary files that there are. A signal handler may neither allocate nor lock, and sees nothing but
/// globals: a few places of fixed size, each of which is read only while it says that it is in use. A file that finds
/// no place, or whose path is longer, is left behind by a signal, like by a crash.
struct Slot {
    std::atomic<bool> is_taken = false;
    std::atomic<bool> is_in_use = false;
    std::array<char, 4096> path = {};
};
constexpr std::size_t kSlots = 8;
constinit std::array<Slot, kSlots> slots = {};
static_assert(std::atomic<bool>::is_always_lock_free);

std::size_t take_slot(const std::string& path) {
    for (std::size_t i = 0; i < kSlots && path.size() < slots[i].path.size(); ++i) {
        if (slots[i].is_taken.exchange(true)) continue;
        std::copy(path.c_str(), path.c_str() + path.size() + 1, slots[i].path.begin());
        slots[i].is_in_use = true;
        return i;
    }
    return kSlots;
}

void leave_slot(std::size_t slot) {
    if (slot == kSlots) return;
    slots[slot].is_in_use = false;
    slots[slot].is_taken = false;
}

extern "C" void remove_and_stop(int signal) {
    for (Slot& slot : slots)
        if (slot.is_in_use) ::unlink(slot.path.data());
    // The default action was restored as the handler began; it happens when the handler has returned.
    (void)std::raise(signal);
}

}  // namespace

TemporaryFile::TemporaryFile(std::string temporary_path, std::string final_path)
    : temporary_path_(std::move(temporary_path)),
      final_path_(std::move(final_path)),
      slot_(take_slot(temporary_path_)) {}

TemporaryFile::~TemporaryFile() {
    if (!is_kept_) std::remove(temporary_path_.c_str());
    leave_slot(slot_);
}

void TemporaryFile::keep() {
    if (std::rename(temporary_path_.c_str(), final_path_.c_str()) != 0)
        throw IoError(fmt::format("{}: cannot be written: {}", final_path_, std::generic_category().message(errno)));
    is_kept_ = true;
}

void remove_temporary_files_when_stopped() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action = {};
        if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) continue;
        action = {};
        action.sa_handler = remove_and_stop;
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        ::sigaction(signal, &action, nullptr);
    }
}

}  // namespace regatta::results
