#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "regatta/base/byte_block.hpp"
#include "results/checkpoint_files.hpp"
#include "results/temporary_file.hpp"

namespace regatta::results {

/// What a rank has to save.
struct CheckpointPart {
    CheckpointManifest manifest;  ///< written by rank 0
    std::string scenario_files;   ///< likewise
    ByteBlock state;
    std::vector<std::byte> sums;
    std::unique_ptr<TemporaryFile> segment;  ///< ended, and not yet on the disk
};

/// Writes the checkpoints of one rank, each by a thread, so that the run goes on while the disk is busy. Rank 0's ends
/// a checkpoint when it sees the files of all ranks, which takes no message between them.
class CheckpointWriter {
public:
    struct Options {
        std::string directory;  ///< of the run
        std::uint32_t rank = 0;
        std::uint32_t ranks = 1;
        /// On rank 0, from the thread, when a checkpoint has been written.
        std::function<void(const CheckpointManifest& manifest, std::int64_t bytes)> tell = {};
        /// What the thread does first.
        std::function<void()> settle_in = {};
    };
    explicit CheckpointWriter(Options options) : options_(std::move(options)) {}
    /// Without waiting for other ranks.
    ~CheckpointWriter();
    CheckpointWriter(const CheckpointWriter&) = delete;
    CheckpointWriter& operator=(const CheckpointWriter&) = delete;

    /// Waits for the one before, and throws what befell it.
    void begin(CheckpointPart part);
    /// Waits as well. The memory of the state that was written last, for the next.
    [[nodiscard]] ByteBlock take_room();
    /// Until it has been written, on rank 0 that of all ranks.
    void wait();
    /// Throws what befell the last one, if it is known by now. As cheap as a look at a flag.
    void check() {
        if (has_failed_.load(std::memory_order_relaxed)) [[unlikely]]
            wait();
    }

private:
    void write(CheckpointPart& part);
    void commit(const CheckpointPart& part, const std::stop_token& stop);
    void remove_older(const CheckpointManifest& manifest) const;

    Options options_;
    std::atomic<bool> has_failed_ = false;
    std::exception_ptr failure_;
    ByteBlock room_;  ///< the thread's while it runs
    std::jthread thread_;
};

}  // namespace regatta::results
