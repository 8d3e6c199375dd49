#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace regatta::timing {

/// Many hands for work that takes seconds: other ranks, or the threads of a single one.
class WorkSharing {
public:
    virtual ~WorkSharing() = default;
    /// Does each of `count` tasks once, somewhere, and gives everyone what they returned, by task. On several ranks a
    /// collective call: all come with the same tasks. `task` may be called from several threads at once, and what it
    /// returns must depend on the number alone.
    [[nodiscard]] virtual std::vector<std::string> share(std::size_t count,
                                                         const std::function<std::string(std::size_t)>& task) = 0;
    /// Where what took long may be kept for later runs; empty: nowhere.
    [[nodiscard]] virtual std::string cache_directory() const { return {}; }
};

}  // namespace regatta::timing
