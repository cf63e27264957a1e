#include <cohort/control/place.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace cohort;
using namespace cohort::control;
using strings = std::vector<std::filesystem::path>;

namespace {

viewpoint seen_by(uid_t user, std::map<std::string, std::string> variables)
{
    viewpoint from;
    from.user = user;
    from.variable = [variables](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    return from;
}

/// A resource: a folder of its own.
struct sandbox {
    sandbox()
    {
        std::string name =
            (std::filesystem::temp_directory_path() / "cohort-place-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~sandbox() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

}  // namespace

TEST_CASE("root's cohorts are in /run/cohort, others' in their runtime directory")
{
    CHECK(folders(seen_by(0, {})) == strings{"/run/cohort", "/run/user/0/cohort", "/tmp/cohort-0"});
    CHECK(folders(seen_by(7, {{"XDG_RUNTIME_DIR", "/run/user/7"}})) ==
          strings{"/run/user/7/cohort", "/tmp/cohort-7"});
    CHECK(folders(seen_by(7, {{"XDG_RUNTIME_DIR", "/elsewhere"}})) ==
          strings{"/elsewhere/cohort", "/run/user/7/cohort", "/tmp/cohort-7"});
}

TEST_CASE("COHORT_RUNTIME_DIR stands for all of them")
{
    CHECK(folders(seen_by(0, {{"COHORT_RUNTIME_DIR", "/srv/x"}, {"XDG_RUNTIME_DIR", "/y"}})) ==
          strings{"/srv/x"});
}

TEST_CASE("a runtime directory that is no absolute path is left out")
{
    CHECK(folders(seen_by(7, {{"XDG_RUNTIME_DIR", "tmp"}})) ==
          strings{"/run/user/7/cohort", "/tmp/cohort-7"});
}

TEST_CASE("the folder is made for its user alone, and found again")
{
    const sandbox in;
    const auto folder = in.path / "own";
    REQUIRE(make_folder(folder, ::geteuid()));
    struct stat seen{};
    REQUIRE(::stat(folder.c_str(), &seen) == 0);
    CHECK((seen.st_mode & 0777) == 0700);
    CHECK(make_folder(folder, ::geteuid()));
}

TEST_CASE("a folder of somebody else, or one that others may write into, is not trusted")
{
    const sandbox in;
    const auto folder = in.path / "own";
    REQUIRE(make_folder(folder, ::geteuid()));
    const auto strange = check_folder(folder, ::geteuid() + 1);
    REQUIRE_FALSE(strange);
    CHECK(strange.error().why().value() == EACCES);
    REQUIRE(::chmod(folder.c_str(), 0770) == 0);
    CHECK_FALSE(check_folder(folder, ::geteuid()));
}

TEST_CASE("a link is not the folder that it points to")
{
    const sandbox in;
    const auto folder = in.path / "own";
    REQUIRE(make_folder(folder, ::geteuid()));
    std::filesystem::create_directory_symlink(folder, in.path / "link");
    const auto linked = check_folder(in.path / "link", ::geteuid());
    REQUIRE_FALSE(linked);
    CHECK(linked.error().why().value() == ENOTDIR);
}

TEST_CASE("a socket's file names its app")
{
    CHECK(app_of("/run/cohort/api.v2.sock") == "api.v2");
    CHECK(app_of("/run/cohort/.sock").empty());
    CHECK(app_of("/run/cohort/.opening").empty());
    CHECK(socket_name("api") == "api.sock");
    CHECK(dashboard_beside("/run/cohort/api.v2.sock") == "/run/cohort/api.v2.http");
    CHECK(token_beside("/srv/admin") == "/srv/admin.token");
    CHECK(view_token_beside("/run/cohort/api.v2.sock") == "/run/cohort/api.v2.view_token");
    // Two of them have two.
    CHECK(dashboard_beside("/srv/api.v1") == "/srv/api.v1.http");
    CHECK(token_beside("/srv/api.v2") == "/srv/api.v2.token");
}
