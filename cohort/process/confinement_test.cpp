#include <cohort/process/confinement.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/sandbox.hpp>

#include <csignal>
#include <memory>

using namespace cohort;
using namespace cohort::process;

TEST_CASE("parent and filters of a process are read out of its status")
{
    CHECK(parse_confinement(
              "Name:\ta\nPPid:\t17\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n") ==
          confinement{.parent = 17, .filters = 3});
    // A name cannot pretend to be another line: the kernel writes its newline as \n.
    CHECK(parse_confinement("Name:\ta\\nSeccomp_filters:\t9\nPPid:\t1\n") ==
          confinement{.parent = 1, .filters = 0});
    CHECK_FALSE(parse_confinement("PPid:\tx\nSeccomp_filters:\t1\n"));
    CHECK_FALSE(parse_confinement(""));
}

TEST_CASE("who is in a sandbox below us is told from our other children, and from strangers")
{
    const auto made = sandbox::prepare({.profile = sandbox_profile::strict, .best_effort = true});
    REQUIRE(made);
    if (made->words().find("seccomp") == std::string::npos)
        return;
    kit::ends ready = kit::make_pipe();
    birth how;
    how.keep = {ready.write.borrow()};
    // They are past the steps of newborns when they speak.
    const auto come_and_wait = [&]() noexcept {
        static_cast<void>(::write(ready.write.borrow(), "\n", 1));
        ::pause();
    };
    auto free = process::clone(kit::permit(), how, come_and_wait);
    REQUIRE(free);
    kit::read_line(ready.read);
    how.box = std::make_shared<const sandbox>(*made);
    auto boxed = process::clone(kit::permit(), how, come_and_wait);
    REQUIRE(boxed);
    kit::read_line(ready.read);
    CHECK(is_caged_below(boxed->pid(), ::getpid(), own_filters()) == caged::yes);
    CHECK(is_caged_below(boxed->pid(), ::getppid(), own_filters()) == caged::yes);
    CHECK(is_caged_below(boxed->pid(), free->pid(), own_filters()) == caged::no);
    CHECK(is_caged_below(free->pid(), ::getpid(), own_filters()) == caged::no);
    CHECK(is_caged_below(::getpid(), ::getppid(), own_filters()) == caged::no);
    const pid_t gone = boxed->pid();
    for (auto* each : {&*boxed, &*free}) {
        CHECK(each->signal(SIGKILL));
        static_cast<void>(each->wait());
    }
    // It asked, and nobody can tell any more who it was.
    CHECK(is_caged_below(gone, ::getpid(), own_filters()) == caged::gone);
    CHECK(is_caged_below(0, ::getpid(), own_filters()) == caged::no);
}
