#include "workload/csv_rows.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "regatta/base/errors.hpp"
#include "workload/text_input.hpp"

namespace regatta::workload {
namespace {

constexpr std::size_t kLongestRowBytes = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

// Reads a chunk, lets libcsv push its fields and rows into flat arrays, and hands the rows out one by one. What a chunk
// leaves behind of an unfinished row moves to the front before the next chunk.
class CsvRows::Impl {
public:
    explicit Impl(const std::string& path) : input_(path) {
        // Every line end is reported, so that lines can be counted.
        const int failed = csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
        REGATTA_CHECK(failed == 0, "csv_init");
    }
    ~Impl() { csv_free(&parser_); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    bool next() {
        while (next_row_ == rows_.size()) {
            if (is_at_end_) return false;
            read_chunk();
        }
        const Row& row = rows_[next_row_++];
        line_ = row.line;
        views_.clear();
        for (std::size_t i = row.first_field; i < row.end_field; ++i)
            views_.push_back(std::string_view(text_).substr(fields_[i].start, fields_[i].length));
        return true;
    }

    std::span<const std::string_view> fields() const { return views_; }
    std::int64_t line() const { return line_; }

private:
    struct Field {
        std::size_t start = 0;
        std::size_t length = 0;
    };
    struct Row {
        std::size_t first_field = 0;
        std::size_t end_field = 0;
        std::int64_t line = 0;
    };

    static void on_field(void* bytes, std::size_t length, void* self) {
        static_cast<Impl*>(self)->add_field({static_cast<const char*>(bytes), length});
    }
    static void on_row_end(int ended_by, void* self) { static_cast<Impl*>(self)->end_row(ended_by); }

    void add_field(std::string_view bytes) {
        fields_.push_back({.start = text_.size(), .length = bytes.size()});
        text_.append(bytes);
        lines_in_row_ += std::count(bytes.begin(), bytes.end(), '\n');
    }

    void end_row(int ended_by) {
        const bool is_empty = fields_.size() == row_start_;
        if (is_empty && ended_by == '\n' && last_ended_by_ == '\r') {  // the second half of a CR LF
            last_ended_by_ = ended_by;
            return;
        }
        last_ended_by_ = ended_by;
        if (!is_empty) rows_.push_back({.first_field = row_start_, .end_field = fields_.size(), .line = row_line_});
        row_start_ = fields_.size();
        row_line_ += 1 + lines_in_row_;
        lines_in_row_ = 0;
    }

    void drop_rows_handed_out() {
        const std::size_t kept_text = row_start_ < fields_.size() ? fields_[row_start_].start : text_.size();
        text_.erase(0, kept_text);
        fields_.erase(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(row_start_));
        for (Field& field : fields_)
            field.start -= kept_text;
        row_start_ = 0;
        rows_.clear();
        next_row_ = 0;
    }

    void read_chunk() {
        drop_rows_handed_out();
        const std::size_t count = input_.read(chunk_);
        std::string_view bytes(chunk_.data(), count);
        if (is_at_start_ && bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
        is_at_start_ = false;
        const std::size_t parsed =
            csv_parse(&parser_, bytes.data(), bytes.size(), &Impl::on_field, &Impl::on_row_end, this);
        if (parsed != bytes.size()) throw broken_quotes();
        if (count < chunk_.size()) {
            is_at_end_ = true;
            if (csv_fini(&parser_, &Impl::on_field, &Impl::on_row_end, this) != 0) throw broken_quotes();
        }
        bytes_since_row_ = rows_.empty() ? bytes_since_row_ + count : 0;
        if (bytes_since_row_ > kLongestRowBytes)
            throw InputError(
                fmt::format("{}:{}: expected a line of a CSV file, found more than 1 MiB without a line end",
                            input_.path(), row_line_));
    }

    InputError broken_quotes() const {
        return InputError(fmt::format("{}:{}: quotation marks do not match", input_.path(), row_line_));
    }

    TextInput input_;
    csv_parser parser_{};
    std::array<char, 65536> chunk_{};
    bool is_at_start_ = true;
    bool is_at_end_ = false;
    std::size_t bytes_since_row_ = 0;

    std::string text_;
    std::vector<Field> fields_;
    std::vector<Row> rows_;
    std::size_t next_row_ = 0;

    // The row being parsed.
    std::size_t row_start_ = 0;
    std::int64_t row_line_ = 1;
    std::int64_t lines_in_row_ = 0;
    int last_ended_by_ = 0;

    // The row handed out.
    std::vector<std::string_view> views_;
    std::int64_t line_ = 0;
};

CsvRows::CsvRows(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
CsvRows::~CsvRows() = default;
bool CsvRows::next() {
    return impl_->next();
}
std::span<const std::string_view> CsvRows::fields() const {
    return impl_->fields();
}
std::int64_t CsvRows::line() const {
    return impl_->line();
}

}  // namespace regatta::workload
