#include <cohort/config/secrets.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

using namespace cohort::config;

namespace {

class temporary_file {
public:
    explicit temporary_file(const std::string& text)
        : path_{std::filesystem::temp_directory_path() /
                ("cohort-secrets-" + std::to_string(::getpid()))}
    {
        std::ofstream{path_} << text;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    [[nodiscard]] std::string path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The reading end of a pipe that holds a text and its end.
int pipe_with(const std::string& text)
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    return ends[0];
}

settings with(const secret& from)
{
    settings s;
    s.secrets.emplace("DB_PASSWORD", from);
    return s;
}

}  // namespace

TEST_CASE("a secret comes from its file, without the newline that editors add")
{
    const temporary_file file{"hush\n"};
    settings s = with({file.path(), -1});
    CHECK(read_secrets(s).empty());
    CHECK(s.env.at("DB_PASSWORD") == "hush");
    CHECK(s.secrets.empty());
}

TEST_CASE("a secret comes through a descriptor, which is closed, and is known from then on")
{
    const int fd = pipe_with("hush\n\n");
    settings s = with({{}, fd});
    CHECK(read_secrets(s).empty());
    CHECK(s.env.at("DB_PASSWORD") == "hush\n");
    CHECK(::lseek(fd, 0, SEEK_CUR) == -1);
    CHECK(errno == EBADF);

    settings later = with({{}, fd});
    CHECK(read_secrets(later, s.env).empty());
    CHECK(later.env == s.env);
}

TEST_CASE("a secret that cannot be read is named by its variable and stays a pointer")
{
    settings missing = with({"/no/such/secret", -1});
    const auto wrong = read_secrets(missing);
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].text() ==
          "env.DB_PASSWORD: cannot open /no/such/secret: No such file or directory");
    CHECK(missing.secrets.size() == 1);
    CHECK(missing.env.empty());

    settings endless = with({"/dev/zero", -1});
    CHECK(read_secrets(endless).size() == 1);
    const temporary_file binary{std::string{"a\0b", 3}};
    settings odd = with({binary.path(), -1});
    const auto refused = read_secrets(odd);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].words.find("without NUL") != std::string::npos);
}

TEST_CASE("a descriptor of our own is none that holds a secret: it is left alone")
{
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    for (const int own : ends) {
        settings s = with({{}, own});
        const auto wrong = read_secrets(s);
        REQUIRE(wrong.size() == 1);
        CHECK(wrong[0].words.contains("not by a reload"));
        CHECK(::fcntl(own, F_GETFD) == FD_CLOEXEC);
        ::close(own);
        CHECK(read_secrets(s).size() == 1);  // there is none of this number
    }
}
