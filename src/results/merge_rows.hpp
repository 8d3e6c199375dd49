#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "regatta/base/digest.hpp"
#include "regatta/base/errors.hpp"
#include "results/row_order.hpp"
#include "results/table_io.hpp"

/// The merge of the rows of one table. Each file is read once, block by block: when its block is read, rows are checked
/// for their order and hashed, while they are in the processor's cache. Which file comes next a tree of losers tells
/// (Knuth, "The Art of Computer Programming", vol. 3, 5.4.1): as many comparisons a row as the number of files has
/// binary digits, none of them a branch. On exit every row was written exactly once, in strictly rising order.
namespace regatta::results {

/// How the rows of one table are merged.
template <class Row>
struct RowMerge {
    const Table& table;
    std::function<std::string(const Row&)> name;  ///< of a row, for errors
    std::function<void(std::int64_t rows, std::int64_t total)> progress = {};
};

/// A rank file, and the digest of what was read of it so far.
struct MergedFile {
    std::string path;
    Digest rows = {};
};

/// The rows of one rank file, block by block.
template <class Row>
class RowSource {
public:
    RowSource(RowSource&&) noexcept = default;  // the block stays where it is
    RowSource& operator=(RowSource&&) = delete;
    RowSource(const RowSource&) = delete;
    RowSource& operator=(const RowSource&) = delete;
    ~RowSource() = default;

    /// Keeps its file open between blocks if `stays_open`. `merge` and `file` must outlive this.
    RowSource(MergedFile& file, std::size_t block_rows, bool stays_open, const RowMerge<Row>& merge)
        : file_(&file), merge_(&merge), block_rows_(block_rows), stays_open_(stays_open) {
        refill();
    }

    [[nodiscard]] bool is_at_end() const { return next_ == end_; }
    [[nodiscard]] const Row& front() const { return *next_; }
    void advance() {
        if (++next_ == end_) [[unlikely]]
            refill();
    }
    [[nodiscard]] const std::string& path() const { return file_->path; }
    /// Of the whole file.
    [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(file_rows_); }

private:
    struct OpenTable {
        OpenTable(const std::string& path, const Table& table) : file(h5::File::open(path)), reader(file, table) {}
        h5::File file;
        h5::TableReader reader;
    };

    void refill() {
        if (!open_) open_ = std::make_unique<OpenTable>(path(), merge_->table);
        file_rows_ = open_->reader.rows();
        const std::optional<Row> last = block_.empty() ? std::nullopt : std::optional<Row>(block_.back());
        block_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(block_rows_, file_rows_ - read_rows_)));
        open_->reader.read(read_rows_, block_.size(), block_.data());
        read_rows_ += block_.size();
        next_ = block_.data();
        end_ = next_ + block_.size();
        if (!stays_open_ || read_rows_ == file_rows_) open_.reset();
        if (last && !block_.empty()) check_order(*last, block_.front());
        for (std::size_t i = 1; i < block_.size(); ++i)
            check_order(block_[i - 1], block_[i]);
        for (const Row& row : block_)
            merge_->table.add_to(file_->rows, &row);
    }
    void check_order(const Row& before, const Row& row) const {
        if (!RowOrder()(before, row)) throw IoError(fmt::format("{}: {} is out of order", path(), merge_->name(row)));
    }

    const Row* next_ = nullptr;
    const Row* end_ = nullptr;
    MergedFile* file_;
    const RowMerge<Row>* merge_;
    std::size_t block_rows_;
    bool stays_open_;
    std::unique_ptr<OpenTable> open_;
    std::uint64_t file_rows_ = 0;
    std::uint64_t read_rows_ = 0;
    std::vector<Row> block_;
};

/// Which of several sources has the least row. Inner nodes hold the losers of the games below them, so that after a row
/// was taken only the games on its source's way to the root are played again.
template <class Row>
class LoserTree {
public:
    explicit LoserTree(std::vector<RowSource<Row>>& sources)
        : sources_(&sources), leaves_(std::bit_ceil(std::max<std::size_t>(sources.size(), 1))), losers_(leaves_) {
        winner_ = play_below(1);
    }
    /// None when all rows were taken.
    [[nodiscard]] RowSource<Row>* winner() const {
        return winner_.has_row != 0 ? &(*sources_)[winner_.source] : nullptr;
    }
    [[nodiscard]] const RowKey& winner_key() const { return winner_.key; }
    /// After the winner went on by one row.
    void replay() {
        Player player = player_of(winner_.source);
        for (std::size_t node = (leaves_ + player.source) / 2; node > 0; node /= 2) {
            Player& loser = losers_[node];
            const bool loses = comes_first(loser, player);
            // Exchanged if it loses: a branch would be guessed wrong every other time.
            const std::uint64_t mask = std::uint64_t{0} - static_cast<std::uint64_t>(loses);
            exchange(loser.key.high, player.key.high, mask);
            exchange(loser.key.low, player.key.low, mask);
            exchange(loser.source, player.source, mask);
            exchange(loser.has_row, player.has_row, mask);
        }
        winner_ = player;
    }

private:
    struct Player {
        RowKey key = {.high = UINT64_MAX, .low = UINT64_MAX};
        std::uint64_t source = 0;
        std::uint64_t has_row = 0;
    };

    static void exchange(std::uint64_t& a, std::uint64_t& b, std::uint64_t mask) {
        const std::uint64_t difference = (a ^ b) & mask;
        a ^= difference;
        b ^= difference;
    }
    [[nodiscard]] Player player_of(std::uint64_t source) const {
        if (source >= sources_->size() || (*sources_)[source].is_at_end()) return {.source = source};
        return {.key = RowKey::of((*sources_)[source].front()), .source = source, .has_row = 1};
    }
    [[nodiscard]] bool comes_first(const Player& a, const Player& b) const {
        if (a.key == b.key) [[unlikely]]
            return a.has_row != 0 &&
                   (b.has_row == 0 || RowOrder()((*sources_)[a.source].front(), (*sources_)[b.source].front()));
        return a.key < b.key;
    }
    Player play_below(std::size_t node) {
        if (node >= leaves_) return player_of(node - leaves_);
        const Player left = play_below(2 * node);
        const Player right = play_below(2 * node + 1);
        const bool right_wins = comes_first(right, left);
        losers_[node] = right_wins ? left : right;
        return right_wins ? right : left;
    }

    std::vector<RowSource<Row>>* sources_;
    std::size_t leaves_;
    std::vector<Player> losers_;  ///< by node of the tree; the root is 1
    Player winner_;
};

/// The row that was written last: its key, and where that does not say all, the row.
template <class Row>
class LastRow {
public:
    /// Whether it comes before `row`, which is the last one from now on.
    bool comes_before(const Row& row, const RowKey& key) {
        bool is_before = is_first_ || key_ < key;
        if constexpr (!RowKey::kIsWhole<Row>) {
            is_before = is_before || (key_ == key && RowOrder()(row_, row));
            row_ = row;
        }
        is_first_ = false;
        key_ = key;
        return is_before;
    }

private:
    bool is_first_ = true;
    RowKey key_;
    Row row_ = {};
};

/// Writes the rows of all files that have the table, in their order; no table where no file has it. Returns how many.
template <class Row>
std::int64_t merge_rows(h5::File& output, std::vector<MergedFile*> files, h5::Packing packing,
                        const RowMerge<Row>& merge) {
    constexpr std::size_t kBufferBytes = std::size_t{64} << 20;
    constexpr std::size_t kMostBlockRows = 4096;
    constexpr std::size_t kLeastBlockRows = 1024;
    constexpr std::size_t kMostOpenFiles = 256;  // a process may have 1024 on most systems
    constexpr std::int64_t kTellRows = 100'000;
    std::erase_if(
        files, [&](const MergedFile* file) { return !h5::File::open(file->path).has(std::string(merge.table.path)); });
    if (files.empty()) return 0;
    const std::size_t block_rows =
        std::clamp(kBufferBytes / sizeof(Row) / files.size(), kLeastBlockRows, kMostBlockRows);
    std::vector<RowSource<Row>> sources;
    sources.reserve(files.size());
    std::int64_t total = 0;
    for (MergedFile* file : files) {
        sources.emplace_back(*file, block_rows, files.size() <= kMostOpenFiles, merge);
        total += sources.back().rows();
    }
    LoserTree<Row> tree(sources);
    h5::TableAppender appender(output, merge.table, packing);
    LastRow<Row> last;
    std::int64_t done = 0;
    while (RowSource<Row>* const source = tree.winner()) {
        const Row& row = source->front();
        if (!last.comes_before(row, tree.winner_key())) [[unlikely]]
            throw IoError(fmt::format("{}: {} is in another rank's file, too", source->path(), merge.name(row)));
        appender.append_row(row);
        source->advance();
        tree.replay();
        if (++done % kTellRows == 0 && merge.progress) merge.progress(done, total);
    }
    appender.close();
    return done;
}

}  // namespace regatta::results
