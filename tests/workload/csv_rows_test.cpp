#include "workload/csv_rows.hpp"

#include <gtest/gtest.h>

#include "files.hpp"

namespace regatta::workload {
namespace {

struct Row {
    std::int64_t line = 0;
    std::vector<std::string> fields;
    friend bool operator==(const Row&, const Row&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Row& row) {
        out << row.line << ":";
        for (const std::string& field : row.fields)
            out << " [" << field << "]";
        return out;
    }
};
using Rows = std::vector<Row>;

Rows rows_of(std::string_view text) {
    const TestFile file(text);
    CsvRows rows(file.path());
    Rows result;
    while (rows.next())
        result.push_back({rows.line(), {rows.fields().begin(), rows.fields().end()}});
    return result;
}

Problems problems_in(std::string_view text) {
    const TestFile file(text);
    return problems_with(file.path(), [&] {
        CsvRows rows(file.path());
        while (rows.next()) {
        }
    });
}

const Rows kTwoRows = {{1, {"a", "b"}}, {2, {"1", "2"}}};

TEST(CsvRows, ReadsLines) {
    EXPECT_EQ(rows_of("a,b\n1,2\n"), kTwoRows);
}
TEST(CsvRows, ReadsLinesOfWindows) {
    EXPECT_EQ(rows_of("a,b\r\n1,2\r\n"), kTwoRows);
}
TEST(CsvRows, ReadsLinesOfOldMacs) {
    EXPECT_EQ(rows_of("a,b\r1,2\r"), kTwoRows);
}
TEST(CsvRows, NeedsNoLineEndAtTheEnd) {
    EXPECT_EQ(rows_of("a,b\n1,2"), kTwoRows);
}
TEST(CsvRows, IgnoresAByteOrderMark) {
    EXPECT_EQ(rows_of("\xef\xbb\xbf\"a\",b\n1,2\n"), kTwoRows);
}
TEST(CsvRows, TrimsBlanks) {
    EXPECT_EQ(rows_of(" a , b\n1 ,\t2\n"), kTwoRows);
}
TEST(CsvRows, HasNoRowsInAnEmptyFile) {
    EXPECT_EQ(rows_of(""), Rows{});
}
TEST(CsvRows, KeepsEmptyFields) {
    EXPECT_EQ(rows_of("a,,\n"), (Rows{{1, {"a", "", ""}}}));
}

TEST(CsvRows, SkipsBlankLinesAndCountsThem) {
    EXPECT_EQ(rows_of("\na,b\n\n\n1,2\n"), (Rows{{2, {"a", "b"}}, {5, {"1", "2"}}}));
    EXPECT_EQ(rows_of("\r\na,b\r\n\r\n\r\n1,2\r\n"), (Rows{{2, {"a", "b"}}, {5, {"1", "2"}}}));
}

TEST(CsvRows, ReadsQuotedFields) {
    EXPECT_EQ(rows_of("\"a,b\",\"say \"\"hi\"\"\"\n"), (Rows{{1, {"a,b", "say \"hi\""}}}));
}

TEST(CsvRows, CountsLineEndsInsideQuotes) {
    EXPECT_EQ(rows_of("\"a\nb\nc\",d\n1,2\n"), (Rows{{1, {"a\nb\nc", "d"}}, {4, {"1", "2"}}}));
}

TEST(CsvRows, HandsOutRowsThatSpanChunks) {
    std::string text;
    Rows expected;
    for (std::int64_t i = 0; i < 40'000; ++i) {
        const std::string number = std::to_string(i * 7919);
        text += number + ",x" + number + "\n";
        expected.push_back({i + 1, {number, "x" + number}});
    }
    ASSERT_GT(text.size(), 500'000U);
    EXPECT_TRUE(rows_of(text) == expected);
}

TEST(CsvRows, TellsTheLineOfAQuoteInTheWrongPlace) {
    EXPECT_EQ(problems_in("a,b\n1,2\n3,\"4\"5\n"), Problems{"FILE:3: quotation marks do not match"});
}

TEST(CsvRows, TellsTheLineOfAQuoteThatNeverEnds) {
    EXPECT_EQ(problems_in("a,b\n1,\"2\n3,4\n"), Problems{"FILE:2: quotation marks do not match"});
}

TEST(CsvRows, RefusesALineWithoutEnd) {
    EXPECT_EQ(problems_in("a,b\n1," + std::string(3'000'000, 'x')),
              Problems{"FILE:2: expected a line of a CSV file, found more than 1 MiB without a line end"});
}

}  // namespace
}  // namespace regatta::workload
