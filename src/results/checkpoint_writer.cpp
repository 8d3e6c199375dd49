#include "results/checkpoint_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "base/memory.hpp"
#include "regatta/base/errors.hpp"
#include "results/durable_file.hpp"
#include "results/text_file.hpp"

namespace regatta::results {
namespace {

namespace fs = std::filesystem;

/// Says that a rank's files are on the disk, and their checksums. Gone when the checkpoint is whole.
std::string done_file_name(std::uint32_t rank) {
    return fmt::format("rank-{:05}.xxh128", rank);
}

std::string text_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream) throw IoError(fmt::format("{}: cannot be read", path.string()));
    return std::move(text).str();
}

/// More than the state of what a rank simulates takes, which is a part of all it has in memory, written densely: a
/// tenth with 100,000 GPUs. What is not used costs nothing.
std::size_t likely_state_bytes() {
    return static_cast<std::size_t>(peak_memory_bytes() / 4);
}

}  // namespace

CheckpointWriter::~CheckpointWriter() {
    thread_.request_stop();
}

void CheckpointWriter::begin(CheckpointPart part) {
    wait();
    thread_ = std::jthread([this, work = std::move(part)](const std::stop_token& stop) mutable {
        try {
            if (options_.settle_in) options_.settle_in();
            write(work);
            if (options_.rank == 0) commit(work, stop);
        } catch (...) {
            failure_ = std::current_exception();
            has_failed_ = true;
        }
    });
}

ByteBlock CheckpointWriter::take_room() {
    wait();
    if (room_.capacity() == 0) {
        // Grown by and by, it would be used for the first time again and again.
        room_.reserve(likely_state_bytes());
    }
    return std::move(room_);
}

void CheckpointWriter::wait() {
    if (thread_.joinable()) thread_.join();
    if (!has_failed_.exchange(false)) return;
    std::rethrow_exception(std::exchange(failure_, nullptr));
}

void CheckpointWriter::write(CheckpointPart& part) {
    const fs::path directory = checkpoint_path(options_.directory, part.manifest.number);
    std::error_code error;
    fs::create_directory(directory, error);
    if (error) throw IoError(fmt::format("{}: cannot be made: {}", directory.string(), error.message()));
    if (part.segment) begin_sync(part.segment->temporary_path());
    std::string lines;
    std::vector<DurableFile> files;
    const auto add = [&](const std::string& name, std::span<const std::byte> bytes) {
        files.emplace_back((directory / name).string(), bytes);
        lines += checksum_line(bytes, name);
    };
    add(state_file_name(options_.rank), std::as_bytes(std::span(part.state)));
    room_ = std::move(part.state);
    add(sums_file_name(options_.rank), part.sums);
    if (options_.rank == 0) {
        const std::string manifest = to_json(part.manifest);
        add(kManifestName, std::as_bytes(std::span(manifest)));
        add(kScenarioFilesName, std::as_bytes(std::span(part.scenario_files)));
    }
    for (DurableFile& file : files)
        file.finish();
    sync_directory(directory.string());
    if (part.segment) {
        sync_file(part.segment->temporary_path());
        part.segment->keep();
        part.segment.reset();
        sync_directory(options_.directory);
    }
    // Read while the run goes on, and by nobody afterwards: it need not outlive a crash.
    TextFile done((directory / done_file_name(options_.rank)).string());
    done.put("{}", lines);
    done.close();
}

void CheckpointWriter::commit(const CheckpointPart& part, const std::stop_token& stop) {
    constexpr std::chrono::milliseconds kBetweenLooks{5};
    const fs::path directory = checkpoint_path(options_.directory, part.manifest.number);
    std::string lines;
    for (std::uint32_t rank = 0; rank < options_.ranks; ++rank) {
        std::error_code error;
        while (!fs::exists(directory / done_file_name(rank), error)) {
            if (stop.stop_requested()) return;
            std::this_thread::sleep_for(kBetweenLooks);
        }
        lines += text_of(directory / done_file_name(rank));
    }
    write_durably((directory / kChecksumsName).string(), std::as_bytes(std::span(lines)));
    std::int64_t bytes = 0;
    std::error_code error;
    for (std::uint32_t rank = 0; rank < options_.ranks; ++rank) {
        fs::remove(directory / done_file_name(rank), error);
        for (const std::string& name : {state_file_name(rank), sums_file_name(rank)})
            bytes += static_cast<std::int64_t>(fs::file_size(directory / name, error));
    }
    remove_older(part.manifest);
    if (options_.tell) options_.tell(part.manifest, bytes);
}

/// The checksums go first: what has none is no checkpoint.
void CheckpointWriter::remove_older(const CheckpointManifest& manifest) const {
    for (const std::uint32_t older : list_checkpoints(options_.directory)) {
        if (older + manifest.keep > manifest.number) continue;
        const fs::path directory = checkpoint_path(options_.directory, older);
        std::error_code error;
        fs::remove(directory / kChecksumsName, error);
        fs::remove_all(directory, error);
    }
}

}  // namespace regatta::results
