#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "results/hdf5.hpp"
#include "results/tables.hpp"

namespace regatta::results::h5 {

/// The row as it lies in memory; bytes that are in no column stay unnamed. The file keeps the same layout, so that rows
/// are written and read without conversion.
[[nodiscard]] Handle row_type(const File& file, const Table& table);
/// Writes the attributes that the table convention wants, and the unit and meaning of each column.
void describe(File& file, const Table& table);

/// Writes rows as they lie in memory to a new table (HDF5 high-level table convention: compound records, TITLE and
/// FIELD_n_NAME attributes, and beyond it FIELD_n_UNIT and FIELD_n_DESCRIPTION). Rows gather until they fill a chunk
/// (or several): one chunk per write is 170 times as fast as one row per write (measured with 64-byte rows on
/// HDF5 1.10.8).
class TableAppender {
public:
    /// `file` must outlive this and stay where it is.
    TableAppender(File& file, const Table& table, Packing packing);
    void append(const void* rows, std::size_t count);
    /// One row, of the table's type; as cheap as a copy of it.
    template <class Row>
    void append_row(const Row& row) {
        std::memcpy(gathered_.get() + gathered_bytes_, &row, sizeof row);
        gathered_bytes_ += sizeof row;
        if (gathered_bytes_ == batch_bytes_) write_gathered();
    }
    /// Writes what has gathered; nothing may be appended afterwards.
    void close();
    [[nodiscard]] std::uint64_t rows() const { return written_rows_ + gathered_bytes_ / table_->row_bytes; }

private:
    void write_gathered();
    void write_chunk(hsize_t first_row, const std::byte* chunk, std::size_t bytes);
    void write_plain(const std::byte* rows, std::size_t count);
    void write_compressed(const std::byte* rows, std::size_t count);

    File* file_;
    const Table* table_;
    Packing packing_;
    std::size_t batch_bytes_;
    Handle type_;
    Handle dataset_;
    std::uint64_t written_rows_ = 0;
    /// One batch, always with room for a row. Not a vector: small tables are not to touch all of it.
    std::unique_ptr<std::byte[]> gathered_;
    std::size_t gathered_bytes_ = 0;
};

/// Reads rows of a table into memory by the names of its columns; columns it does not know are passed over. What is
/// read, is read once: nothing is kept in HDF5's chunk cache, so that plain rows go straight to where they are wanted.
/// Compressed ones are best read by whole chunks.
class TableReader {
public:
    /// Throws IoError when the table or one of its columns is not there.
    TableReader(const File& file, const Table& table);
    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    /// Rows first .. first + count - 1; they must exist.
    void read(std::uint64_t first, std::size_t count, void* rows) const;

private:
    const File* file_;
    const Table* table_;
    Handle type_;
    Handle dataset_;
    std::uint64_t rows_ = 0;
};

/// Of differences and sums of two no bit is lost; no time is later than SimTime::never().
inline constexpr std::int64_t kMostInColumn = std::int64_t{1} << 61;
/// Of counts that are added up over all ranks.
inline constexpr std::int64_t kMostCounted = std::int64_t{1} << 44;

/// Throws IoError that names column and row when a number is beyond -`most` to `most`, or is no number. `first` is the
/// first row's place in the table.
void check_numbers(const File& file, const Table& table, std::span<const std::byte> rows, std::uint64_t first,
                   std::int64_t most = kMostInColumn);

/// All rows of a table, in blocks, once their numbers are checked.
template <class Row, class Visit>
void visit_table(const File& file, const Table& table, const Visit& visit) {
    constexpr std::uint64_t kBlockRows = 8192;
    const TableReader reader(file, table);
    std::vector<Row> block;
    for (std::uint64_t first = 0; first < reader.rows(); first += block.size()) {
        block.resize(static_cast<std::size_t>(std::min(kBlockRows, reader.rows() - first)));
        reader.read(first, block.size(), block.data());
        check_numbers(file, table, std::as_bytes(std::span(block)), first);
        visit(std::span<const Row>(block));
    }
}

/// A whole small table, likewise.
template <class Row>
[[nodiscard]] std::vector<Row> read_table(const File& file, const Table& table, std::int64_t most = kMostInColumn) {
    const TableReader reader(file, table);
    std::vector<Row> rows(static_cast<std::size_t>(reader.rows()));
    reader.read(0, rows.size(), rows.data());
    check_numbers(file, table, std::as_bytes(std::span(rows)), 0, most);
    return rows;
}
template <class Row>
void write_table(File& file, const Table& table, const std::vector<Row>& rows, Packing packing) {
    TableAppender appender(file, table, packing);
    appender.append(rows.data(), rows.size());
    appender.close();
}

}  // namespace regatta::results::h5
