#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The little of HDF5 that results are made of. Every failure is an IoError "PATH: what could not be done: reason";
/// HDF5's own error printing is off. Private to this room: only here do ids of HDF5 show.
namespace regatta::results::h5 {

/// Owns one HDF5 id of any kind.
class Handle {
public:
    using Close = herr_t (*)(hid_t);
    Handle() = default;
    Handle(hid_t id, Close closer) : id_(id), close_(closer) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~Handle() { close(); }

    [[nodiscard]] hid_t id() const { return id_; }
    [[nodiscard]] bool is_open() const { return id_ >= 0; }
    /// False when HDF5 could not close, which for a file means that something was not written.
    bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

private:
    hid_t id_ = -1;
    Close close_ = nullptr;
};

class File {
public:
    /// Makes the file, or empties it. Errors speak of it as `shown_path`.
    [[nodiscard]] static File create(const std::string& path, const std::string& shown_path);
    /// For reading.
    [[nodiscard]] static File open(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] hid_t id() const { return handle_.id(); }
    /// Writes what is buffered; after this nothing can fail any more.
    void close();

    /// Throws IoError when `result`, just returned by HDF5, says failure: "PATH: cannot ACTION: REASON".
    template <class Result>
    Result check(Result result, std::string_view action) const {
        if (result < 0) fail(action);
        return result;
    }
    [[noreturn]] void fail(std::string_view action) const;

    [[nodiscard]] bool has(const std::string& object) const;
    Handle make_group(const std::string& name);
    [[nodiscard]] Handle open_dataset(const std::string& name, hid_t access = H5P_DEFAULT) const;

    /// Fixed-length text, UTF-8. `object` is a path within the file ("/" for the file itself).
    void write_text(const std::string& object, const std::string& name, std::string_view text);
    void write_number(const std::string& object, const std::string& name, std::int64_t value);
    [[nodiscard]] std::string read_text(const std::string& object, const std::string& name) const;
    [[nodiscard]] std::int64_t read_number(const std::string& object, const std::string& name) const;
    [[nodiscard]] bool has_attribute(const std::string& object, const std::string& name) const;

    /// A dataset of 64-bit integers with one or two dimensions.
    void write_numbers(const std::string& name, const std::vector<hsize_t>& extent,
                       std::span<const std::int64_t> values);
    [[nodiscard]] std::vector<std::int64_t> read_numbers(const std::string& name) const;
    /// A vector of texts, or with `is_scalar` a single one, padded with zeros to the longest.
    void write_texts(const std::string& name, const std::vector<std::string>& texts, bool is_scalar = false);
    [[nodiscard]] std::vector<std::string> read_texts(const std::string& name) const;

private:
    File(std::string path, Handle handle) : path_(std::move(path)), handle_(std::move(handle)) {}
    std::string path_;
    Handle handle_;
};

/// How a dataset's chunks lie in the file.
enum class Packing {
    Plain,       ///< as they are: fastest to write
    Compressed,  ///< shuffled and deflated at level 1
};

/// Properties of a dataset in chunks of `chunk` elements per dimension.
[[nodiscard]] Handle chunked(const File& file, const std::vector<hsize_t>& chunk, Packing packing);
/// The type of fixed-length UTF-8 text.
[[nodiscard]] Handle text_type(const File& file, std::size_t bytes);
/// Number of elements of a dataset of one dimension. Throws IoError when it has another number of dimensions, or claims
/// more rows than what is stored of it can be.
[[nodiscard]] std::uint64_t row_count(const File& file, const Handle& dataset, std::string_view name,
                                      std::size_t row_bytes);

}  // namespace regatta::results::h5
