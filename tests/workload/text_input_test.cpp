#include "workload/text_input.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>

#include "files.hpp"
#include "packed.hpp"

namespace regatta::workload {
namespace {

std::string all_of(const std::string& path) {
    TextInput input(path);
    std::string text;
    std::array<char, 1000> buffer{};
    std::size_t count = 0;
    do {
        count = input.read(buffer);
        text.append(buffer.data(), count);
    } while (count == buffer.size());
    return text;
}

// Long and hard to compress, so that a packed file has several blocks.
std::string long_text() {
    std::string text;
    std::uint64_t state = 1;
    while (text.size() < 700'000) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += std::to_string(state) + "\n";
    }
    return text;
}

const Problems kBadGzip = {"FILE: the gzip data are damaged or end early"};
const Problems kBadZstd = {"FILE: the zstd data are damaged or end early"};

Problems problems_reading(const std::string& bytes) {
    const TestFile file(bytes);
    return problems_with(file.path(), [&] { (void)all_of(file.path()); });
}

TEST(TextInput, ReadsPlainText) {
    const TestFile file("a,b\n1,2\n");
    EXPECT_EQ(all_of(file.path()), "a,b\n1,2\n");
}

TEST(TextInput, ReadsAnEmptyFile) {
    const TestFile file("");
    EXPECT_EQ(all_of(file.path()), "");
}

TEST(TextInput, UnpacksGzipWhateverTheName) {
    const TestFile file(gzipped(long_text()), "trace.csv");
    EXPECT_EQ(all_of(file.path()), long_text());
}

TEST(TextInput, UnpacksZstdWhateverTheName) {
    const TestFile file(zstandard(long_text()), "trace.csv.gz");
    EXPECT_EQ(all_of(file.path()), long_text());
}

TEST(TextInput, ReadsPlainTextWhateverTheName) {
    const TestFile file("plain", "trace.csv.gz");
    EXPECT_EQ(all_of(file.path()), "plain");
}

TEST(TextInput, UnpacksConcatenatedGzip) {
    const TestFile file(gzipped("one,") + gzipped("two"));
    EXPECT_EQ(all_of(file.path()), "one,two");
}

TEST(TextInput, UnpacksConcatenatedZstd) {
    const TestFile file(zstandard("one,") + zstandard("two"));
    EXPECT_EQ(all_of(file.path()), "one,two");
}

TEST(TextInput, NoticesWhereverAGzipFileIsCutOff) {
    const std::string whole = gzipped(long_text());
    for (const std::size_t length : {std::size_t{2}, std::size_t{12}, whole.size() / 2, whole.size() - 1}) {
        SCOPED_TRACE(length);
        EXPECT_EQ(problems_reading(whole.substr(0, length)), kBadGzip);
    }
}

TEST(TextInput, NoticesWhereverAZstdFileIsCutOff) {
    const std::string whole = zstandard(long_text());
    for (const std::size_t length :
         {std::size_t{4}, std::size_t{5}, std::size_t{12}, whole.size() / 2, whole.size() - 1}) {
        SCOPED_TRACE(length);
        EXPECT_EQ(problems_reading(whole.substr(0, length)), kBadZstd);
    }
}

// "a,b\n1,2\n" as the zstd program writes it: with a checksum at the end, which Boost leaves out.
const std::string kWithChecksum("\x28\xb5\x2f\xfd\x04\x58\x41\x00\x00\x61\x2c\x62\x0a\x31\x2c\x32\x0a\x35\xe7\xca\xce",
                                21);
// RFC 8878, section 3.1.2: magic number, size 2, two bytes that decoders skip.
const std::string kSkippable("\x50\x2a\x4d\x18\x02\x00\x00\x00..", 10);

TEST(TextInput, UnpacksZstdWithAChecksum) {
    const TestFile file(kWithChecksum);
    EXPECT_EQ(all_of(file.path()), "a,b\n1,2\n");
}

TEST(TextInput, UnpacksZstdWithSkippableFrames) {
    const TestFile file(kWithChecksum + kSkippable);
    EXPECT_EQ(all_of(file.path()), "a,b\n1,2\n");
}

TEST(TextInput, NoticesAZstdFileWhoseChecksumIsCutOff) {
    for (std::size_t length = 4; length < kWithChecksum.size(); ++length) {
        SCOPED_TRACE(length);
        EXPECT_EQ(problems_reading(kWithChecksum.substr(0, length)), kBadZstd);
    }
}

TEST(TextInput, NoticesASkippableFrameThatIsCutOff) {
    EXPECT_EQ(problems_reading(kWithChecksum + kSkippable.substr(0, 9)), kBadZstd);
    EXPECT_EQ(problems_reading(kWithChecksum + kSkippable.substr(0, 7)), kBadZstd);
}

TEST(TextInput, NoticesDamagedGzip) {
    std::string bytes = gzipped(long_text());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
    EXPECT_EQ(problems_reading(bytes), kBadGzip);
}

TEST(TextInput, NoticesWhatFollowsAZstdFrame) {
    EXPECT_EQ(problems_reading(zstandard("text") + "more"), kBadZstd);
}

TEST(TextInput, SaysThatThereIsNoSuchFile) {
    EXPECT_EQ(problems_with("", [] { TextInput("no/such.csv"); }), Problems{"FILEno/such.csv: no such file"});
}

TEST(TextInput, SaysThatItIsADirectory) {
    const TestFile file("");
    EXPECT_EQ(problems_with(file.directory(), [&] { TextInput input(file.directory()); }),
              Problems{"FILE: expected a file, found a directory"});
}

TEST(TextInput, DoesNotWaitForAPipe) {
    const TestFile file("");
    const std::string pipe = file.directory() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(problems_with(pipe, [&] { TextInput input(pipe); }),
              Problems{"FILE: expected a file, found something that cannot be read twice"});
    ::unlink(pipe.c_str());
}

TEST(TextInput, SaysWhyElseItCannotBeOpened) {
    const TestFile file("");
    const std::string loop = file.directory() + "/loop";
    ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
    try {
        TextInput input(loop);
        FAIL();
    } catch (const IoError& error) {
        EXPECT_EQ(error.what(), loop + ": cannot be opened: Too many levels of symbolic links");
    }
    ::unlink(loop.c_str());
}

TEST(TextInput, SaysThatReadingIsNotPermitted) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const TestFile file("text");
    ASSERT_EQ(::chmod(file.path().c_str(), 0), 0);
    EXPECT_EQ(problems_with(file.path(), [&] { TextInput input(file.path()); }),
              Problems{"FILE: no permission to read it"});
}

}  // namespace
}  // namespace regatta::workload
