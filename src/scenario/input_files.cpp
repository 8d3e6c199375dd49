#include "scenario/input_files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "regatta/base/archive.hpp"
#include "regatta/base/errors.hpp"
#include "scenario/document.hpp"
#include "workload/text_input.hpp"

namespace boost::serialization {

template <class Archive>
void serialize(Archive& archive, regatta::scenario::InputFiles::File& file, unsigned /*version*/) {
    archive& file.is_readable& file.text& file.reason;
}

}  // namespace boost::serialization

namespace regatta::scenario {
namespace {

/// A profile of a few thousand measurements takes 10 MB; this is what every rank can hold several of.
constexpr std::size_t kMaxDataBytes = std::size_t{256} << 20U;

std::string reason_of(int error) {
    if (error == ENOENT || error == ENOTDIR) return "no such file";
    if (error == EACCES) return "permission denied";
    if (error == EISDIR) return "it is a directory";
    std::string reason = std::generic_category().message(error == 0 ? EIO : error);
    return reason;
}

/// Never more than kMaxDocumentBytes, whatever was named: a trace in place of a scenario is refused, not loaded.
void read_text(std::istream& stream, InputFiles::File& file) {
    std::array<char, 65536> block;
    do {
        stream.read(block.data(), block.size());
        file.text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    } while (stream && file.text.size() <= kMaxDocumentBytes);
    if (file.text.size() <= kMaxDocumentBytes) return;
    file = {};
    file.reason = "more than " + std::to_string(kMaxDocumentBytes >> 20U) + " MiB; that is no scenario or catalogue";
}

}  // namespace

const InputFiles::File& InputFiles::open(const std::string& path) {
    return read(path, true);
}
const InputFiles::File& InputFiles::probe(const std::string& path) {
    return read(path, false);
}

const InputFiles::File& InputFiles::read(const std::string& path, bool keeps_text) {
    if (const auto found = files.find(path); found != files.end()) return found->second;
    File file;
    std::error_code error;
    if (!reads_disk) {
        file.reason = "no such file";
    } else if (std::filesystem::is_directory(path, error)) {
        file.reason = reason_of(EISDIR);
    } else {
        errno = 0;
        std::ifstream stream(path, std::ios::binary);
        if (!stream) {
            file.reason = reason_of(errno);
        } else {
            file.is_readable = true;
            if (keeps_text) read_text(stream, file);
        }
    }
    return files.emplace(path, std::move(file)).first->second;
}

const InputFiles::File& InputFiles::open_data(const std::string& path) {
    if (const auto found = files.find(path); found != files.end()) return found->second;
    return files.emplace(path, read_data(path)).first->second;
}

InputFiles::File InputFiles::read_data(const std::string& path) const {
    File file;
    file.reason = "no such file";
    if (!reads_disk) return file;
    try {
        workload::TextInput input(path);
        std::array<char, 65536> block;
        std::size_t count = block.size();
        while (count == block.size() && file.text.size() <= kMaxDataBytes) {
            count = input.read(block);
            file.text.append(block.data(), count);
        }
    } catch (const InputError& error) {
        // "FILE: what is wrong"; whoever asked names the file.
        const std::string& problem = error.problems().front();
        return {.is_readable = false, .text = {}, .reason = problem.substr(problem.find(path) + path.size() + 2)};
    }
    if (file.text.size() > kMaxDataBytes)
        return {.is_readable = false,
                .text = {},
                .reason = "more than " + std::to_string(kMaxDataBytes >> 20U) + " MiB when unpacked"};
    file.is_readable = true;
    file.reason.clear();
    return file;
}

std::string InputFiles::absolute(const std::string& path) {
    if (working_directory.empty()) working_directory = std::filesystem::current_path().string();
    return (std::filesystem::path(working_directory) / path).lexically_normal().string();
}

std::string InputFiles::to_bytes() const {
    ByteBlock bytes;
    OutArchive(bytes) << files << working_directory << catalogue_directory;
    return {bytes.begin(), bytes.end()};
}

InputFiles InputFiles::from_bytes(const std::string& bytes) {
    InputFiles result;
    InArchive(bytes) >> result.files >> result.working_directory >> result.catalogue_directory;
    result.reads_disk = false;
    return result;
}

}  // namespace regatta::scenario
