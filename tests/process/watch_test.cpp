// --watch: what changes on disk is reloaded, once it is whole; what is wrong with it ends nothing.
#include "family.hpp"
#include "operator_of.hpp"

#include <cohort/base/unique_fd.hpp>
#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/inotify.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::testing;

namespace fs = std::filesystem;

namespace {

/// programs/scribe.cpp in a folder of its own, watching itself. A resource.
class watching {
public:
    watching()
        : program_{prepare()}, asks_{program_, "scribe"}
    {
        program_.wait_for_all("listening on port", 2);
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] fs::path binary() const { return folder_.path() / "scribe"; }
    [[nodiscard]] fs::path copy() const { return folder_.path() / "scribe.new"; }

    std::int64_t number_of(std::string_view what)
    {
        return asks_.ask("ls").data.at({what.data(), what.size()}).as_int64();
    }
    void configure(std::string_view workers) const
    {
        std::ofstream{folder_.path() / "cohort.toml"}
            << fmt::format("[app.scribe]\nlisten = [\"127.0.0.1:{}\"]\nworkers = {}\n"
                           "[app.scribe.reload]\nsoak = \"0\"\n",
                           port_, workers);
    }

private:
    launch prepare() const
    {
        fs::copy_file(PROCESS_PROGRAMS "scribe", binary());
        configure("2");
        return {.exec = binary().string(),
                .args = {"--config", "cohort.toml", "--name", "scribe", "--watch"},
                .cwd = folder_.path().string()};
    }

    temporary_folder folder_;
    std::uint16_t port_ = free_port();
    running_program program_;
    operator_of asks_;
};

}  // namespace

TEST_CASE("a program that is watched is reloaded when it, or its configuration, is another one")
{
    watching server;
    CHECK(server.number_of("generation") == 1);
    fs::copy_file(server.binary(), server.copy());
    fs::rename(server.copy(), server.binary());
    server.program().wait_for("scribe has changed: reloading");
    CHECK(eventually([&] { return server.number_of("generation") == 2; }));

    server.configure("3");
    server.program().wait_for("cohort.toml has changed: reloading");
    CHECK(eventually([&] { return server.number_of("serving") == 3; }));
    CHECK(server.program().stop().success());
}

TEST_CASE("what is wrong with the new files is told, and the next change is another chance")
{
    watching server;
    server.configure("\"many\"");
    server.program().wait_for("cohort.toml has changed: reloading");
    server.program().wait_for("workers");
    CHECK(server.number_of("serving") == 2);
    server.configure("3");
    CHECK(eventually([&] { return server.number_of("serving") == 3; }));
    CHECK(server.program().stop().success());
}

TEST_CASE("a file that is still being written is not taken for the new program")
{
    watching server;
    fs::copy_file(server.binary(), server.copy());
    fs::remove(server.binary());  // as linkers do
    {
        std::ifstream whole{server.copy(), std::ios::binary};
        std::ofstream slow{server.binary(), std::ios::binary};
        fs::permissions(server.binary(), fs::perms::owner_all);
        std::string piece(1 << 16, '\0');
        while (whole.read(piece.data(), static_cast<std::streamsize>(piece.size())).gcount() > 0)
            slow.write(piece.data(), whole.gcount()).flush();
        // It is looked at, again and again, and found to be written to.
        const unique_fd looks{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
        REQUIRE(::inotify_add_watch(looks.borrow(), server.binary().c_str(), IN_OPEN) != -1);
        for (int seen = 0; seen < 5;) {
            std::array<char, 4096> events{};  // alike ones that follow each other are one
            REQUIRE(eventually(
                [&] { return ::read(looks.borrow(), events.data(), events.size()) > 0; }));
            ++seen;
        }
        CHECK(server.number_of("generation") == 1);
        fs::permissions(server.binary(), fs::perms::owner_read | fs::perms::owner_write);
    }
    CHECK(server.number_of("generation") == 1);  // it cannot be executed yet
    fs::permissions(server.binary(), fs::perms::owner_all);
    CHECK(eventually([&] { return server.number_of("generation") == 2; }));
    CHECK(server.program().stop().success());
}
