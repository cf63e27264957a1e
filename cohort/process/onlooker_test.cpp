#include <cohort/process/detail/sandbox_kit_test.hpp>

#include <stdlib.h>
#include <sys/stat.h>

#include <thread>

using namespace cohort;
using namespace cohort::process;
using namespace cohort::process::kit;

TEST_SUITE_BEGIN("onlooker" * doctest::skip(kit::no_twins));

TEST_CASE("an onlooker reads what it was given, and starts, changes and connects to nothing else")
{
    char folder[] = "/tmp/cohort-onlooker-XXXXXX";
    REQUIRE(::mkdtemp(folder) != nullptr);
    const std::string given = std::string{folder} + "/given";
    const std::string foreign = "/etc/passwd";
    {
        const unique_fd made{::open(given.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    }
    const auto box =
        prepared({.profile = sandbox_profile::onlooker, .read = {folder}, .best_effort = true});
    CHECK(box->words().starts_with("sandbox onlooker: no-new-privs, capabilities: none, seccomp"));
    const bool has_landlock = box->words().find("landlock") != std::string::npos;
    const pid_t parent = ::getpid();
    CHECK(inside(box, try_the_machine) == 0);
    CHECK(inside(box, [&]() noexcept -> int {
              const auto reads = [](const std::string& path) {
                  return errno_of([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
              };
              if (reads(given) != 0 || reads("/proc/self/stat") != 0)
                  return 1;
              if (has_landlock && reads(foreign) != EACCES)
                  return 2;
              if (writes_to(given) != EPERM || writes_to(given + "2") != EPERM ||
                  writes_to("/dev/null") != EPERM)
                  return 3;
              if (errno_of([&] { return ::unlink(given.c_str()); }) != EPERM)
                  return 4;
              if (errno_of([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }) != EPERM)
                  return 5;
              if (errno_of([&] { return ::kill(parent, 0); }) != EPERM)
                  return 6;
              if (errno_of([] { return ::execl("/bin/true", "true", nullptr); }) != EPERM)
                  return 7;
              if (::fork() != -1)
                  return 8;
              if (::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) == -1)
                  return 9;
              int answer = 0;
              std::thread lane{[&answer] { answer = 42; }};
              lane.join();
              return answer == 42 ? 0 : 10;
          }) == 0);
    birth how;
    how.box = box;
    auto born = process::clone(kit::permit(), how, []() noexcept { ::abort(); });
    REQUIRE(born);
    CHECK(born->wait().signal() == SIGABRT);
    CHECK(::unlink(given.c_str()) == 0);
    CHECK(::rmdir(folder) == 0);
}

TEST_SUITE_END();
