#include <cohort/observe/log_remains.hpp>

#include <cohort/base/unique_fd.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using cohort::unique_fd;
using cohort::observe::ends_within_line;
using cohort::observe::settle_remains;

namespace fs = std::filesystem;

namespace {

const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

/// A log's file, open as logs are: for appending, and not for reading.
class log_file {
public:
    log_file()
    {
        std::string name = (fs::temp_directory_path() / "cohort-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        open();
    }
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;
    ~log_file() { fs::remove_all(folder_); }

    void open()
    {
        file_.reset(::open(path().c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
        REQUIRE(file_.valid());
    }
    void add(std::string_view text) const
    {
        REQUIRE(::write(file_.borrow(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] int number() const { return file_.borrow(); }
    [[nodiscard]] fs::path path() const { return folder_ / "app.log"; }
    [[nodiscard]] fs::path aside(int which) const
    {
        return folder_ / ("app.log." + std::to_string(which));
    }

private:
    fs::path folder_;
    unique_fd file_;
};

std::string text_of(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::string line(int number, std::size_t length = 100)
{
    std::string text = "{\"timestamp\":" + std::to_string(number) + ",\"";
    text.resize(length - 1, 'x');
    return text + '\n';
}

std::string others_up_to(std::size_t length)
{
    std::string text;
    while (text.size() + 400 < length)
        text += line(0, 200);
    return text + line(0, length - text.size());
}

std::string blank(std::size_t length) { return std::string(length - 1, ' ') + '\n'; }

constexpr std::size_t first_lines = 3000;

}  // namespace

TEST_CASE("what is there as a whole stays as it is")
{
    const log_file log;
    const std::string piece = line(1) + line(2);
    log.add(others_up_to(first_lines) + piece + line(3));
    const std::string before = text_of(log.path());
    CHECK(settle_remains(log.number(), piece) == piece.size());
    CHECK(text_of(log.path()) == before);
}

TEST_CASE("what is not there is not, in an empty file as in a full one")
{
    const log_file log;
    CHECK(settle_remains(log.number(), line(1)) == 0U);
    log.add(others_up_to(first_lines));
    CHECK(settle_remains(log.number(), line(1)) == 0U);
    CHECK(text_of(log.path()) == others_up_to(first_lines));
}

TEST_CASE("half a line becomes blanks, and whoever wrote behind it has a line again")
{
    const std::string before = others_up_to(page - 150);
    const std::string piece = line(1) + line(2) + line(3);
    for (const std::string& behind : {std::string{}, line(4), line(4) + line(5)}) {
        const log_file log;
        log.add(before + piece.substr(0, 150) + behind);
        CHECK(settle_remains(log.number(), piece) == 100U);
        CHECK(text_of(log.path()) == before + line(1) + blank(50) + behind);
        // Its successor may be killed before it has settled anything.
        CHECK(settle_remains(log.number(), piece) == 100U);
    }
}

TEST_CASE("half of the first line likewise, of one byte too")
{
    const std::string piece = line(1) + line(2);
    for (const std::size_t length : {1U, 60U, 99U}) {
        const std::string before = others_up_to(page - length);
        for (const std::string& behind : {std::string{}, line(4)}) {
            const log_file log;
            log.add(before + piece.substr(0, length) + behind);
            CHECK(settle_remains(log.number(), piece) == 0U);
            CHECK(text_of(log.path()) == before + blank(length) + behind);
        }
    }
}

TEST_CASE("it is found in the file that was put aside meanwhile, too")
{
    const std::string piece = line(1) + line(2);
    const std::string before = others_up_to(page - 150);
    log_file log;
    log.add(before + piece.substr(0, 150) + line(4));
    fs::rename(log.path(), log.aside(2));
    std::ofstream{log.aside(1)} << others_up_to(first_lines);
    log.open();
    log.add(line(5));
    CHECK(settle_remains(log.number(), piece) == 100U);
    CHECK(text_of(log.aside(2)) == before + line(1) + blank(50) + line(4));
    CHECK(text_of(log.path()) == line(5));
}

TEST_CASE("a file that was moved and is still open is the one that is looked into")
{
    const log_file log;
    log.add(line(1));
    fs::rename(log.path(), log.aside(7));
    CHECK(settle_remains(log.number(), line(1) + line(2)) == 100U);
    fs::remove(log.aside(7));
    CHECK(settle_remains(log.number(), line(1) + line(2)) == 100U);
}

TEST_CASE("it is looked for 16 MiB from the end, and no further")
{
    const log_file log;
    log.add(line(1));
    REQUIRE(::truncate(log.path().c_str(), off_t{16} << 20) == 0);
    CHECK(settle_remains(log.number(), line(1)) == 100U);
    REQUIRE(::truncate(log.path().c_str(), (off_t{16} << 20) + 1) == 0);
    CHECK(settle_remains(log.number(), line(1)) == 0U);
}

TEST_CASE("where nobody can look nobody knows")
{
    CHECK(settle_remains(-1, line(1)) == std::nullopt);
    const log_file log;
    REQUIRE(::chmod(log.path().c_str(), 0) == 0);
    if (::geteuid() != 0)
        CHECK(settle_remains(log.number(), line(1)) == std::nullopt);
}

TEST_CASE("a file ends within a line if its last byte is no line's end")
{
    const log_file log;
    CHECK_FALSE(ends_within_line(log.number()));
    log.add("half");
    CHECK(ends_within_line(log.number()));
    log.add("\n");
    CHECK_FALSE(ends_within_line(log.number()));
    CHECK(ends_within_line(-1));
}
