#pragma once

#include <sched.h>

#include <string>

namespace regatta {

/// Cores of one machine, as the operating system numbers them.
class CoreSet {
public:
    /// Those that the calling thread may run on. None where the system does not tell.
    [[nodiscard]] static CoreSet of_this_thread();

    /// Adds the others, if they are of the same machine.
    void add(const CoreSet& others);
    /// Lets the calling thread run on these. For speed only: nothing tells whether it was heard, and of none there is
    /// nothing to be heard.
    void let_this_thread_run() const;
    [[nodiscard]] int count() const { return CPU_COUNT(&cores_); }

    /// For other processes, and from them. Throws BugError for what is none.
    [[nodiscard]] std::string to_bytes() const;
    [[nodiscard]] static CoreSet from_bytes(const std::string& bytes);

private:
    CoreSet() { CPU_ZERO(&cores_); }

    std::string machine_;  ///< since it was started; containers share it
    cpu_set_t cores_;
};

}  // namespace regatta
