#pragma once

#include "regatta/engine/transport.hpp"
#include "regatta/timing/work_sharing.hpp"

namespace regatta::app {

/// Work spread over the ranks, each doing every so-manieth task; or over the threads of a single rank.
class SharedWork final : public timing::WorkSharing {
public:
    explicit SharedWork(engine::Transport& transport) : transport_(transport) {}
    [[nodiscard]] std::vector<std::string> share(std::size_t count,
                                                 const std::function<std::string(std::size_t)>& task) override;
    /// $REGATTA_CACHE (empty: nowhere), else $XDG_CACHE_HOME/regatta, else ~/.cache/regatta.
    [[nodiscard]] std::string cache_directory() const override;

private:
    engine::Transport& transport_;
};

}  // namespace regatta::app
