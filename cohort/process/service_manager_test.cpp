#include <cohort/process/service_manager.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/notify_socket.hpp>
#include <cohort/process/spawn.hpp>

#include <cstdlib>
#include <map>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// The variables, for as long as this lives.
class environment {
public:
    explicit environment(const std::map<std::string, std::string>& variables)
    {
        for (const auto& [name, value] : variables)
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment()
    {
        for (const char* each : names)
            ::unsetenv(each);
    }
    [[nodiscard]] static bool is_empty()
    {
        for (const char* each : names) {
            if (::getenv(each) != nullptr)
                return false;
        }
        return true;
    }

private:
    static constexpr std::array names{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                      "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES",
                                      "LISTEN_PIDFDID"};
};

std::string own_pid() { return std::to_string(::getpid()); }

}  // namespace

TEST_CASE("without a service manager everything that is said goes nowhere")
{
    const environment none{{}};
    const auto manager = service_manager::take_from_environment();
    CHECK_FALSE(manager.listens());
    CHECK_FALSE(manager.watchdog());
    CHECK(manager.passed().empty());
    CHECK(manager.ready("8 workers ready"));
    CHECK(manager.alive());
}

TEST_CASE("a service manager hears what is said, word by word")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto heard = notify_socket::open(loop.get_executor(), folder.path() + "/notify");
    REQUIRE(heard);
    const environment variables{{{"NOTIFY_SOCKET", heard->address()},
                                 {"WATCHDOG_USEC", "2000000"},
                                 {"WATCHDOG_PID", own_pid()}}};
    const auto manager = service_manager::take_from_environment();
    CHECK(environment::is_empty());
    CHECK(manager.oddities().empty());
    REQUIRE(manager.listens());
    CHECK(manager.watchdog() == 2s);
    const auto next = [&] {
        auto one = kit::run(loop, heard->next());
        REQUIRE(one);
        return std::move(*one);
    };

    REQUIRE(manager.ready("8 workers\nready"));
    received_notice said = next();
    CHECK(said.words.ready);
    CHECK(said.words.status == "8 workers ready");
    CHECK(said.from == ::getpid());

    const auto before = now_ns() / 1'000;
    REQUIRE(manager.reloading("generation 2"));
    said = next();
    CHECK(said.words.reloading);
    REQUIRE(said.words.moment);
    CHECK(static_cast<std::uint64_t>(said.words.moment->count()) >= before);

    REQUIRE(manager.stopping("draining"));
    CHECK(next().words.stopping);
    REQUIRE(manager.alive());
    CHECK(next().words.watchdog_alive);
    REQUIRE(manager.extend(40s));
    CHECK(next().words.extension == 40s);

    const kit::ends pipe = kit::make_pipe();
    REQUIRE(manager.store("tcp%3A8080", pipe.read.borrow()));
    said = next();
    CHECK(said.words.store);
    CHECK(said.words.store_name == "tcp%3A8080");
    CHECK(said.descriptors.size() == 1);
    REQUIRE(manager.forget("tcp%3A8080"));
    CHECK(next().words.unstore);
    CHECK_FALSE(manager.store("a:b", pipe.read.borrow()));
}

TEST_CASE("a name in the abstract namespace is as good as a path")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto heard = notify_socket::open(loop.get_executor(), "@" + folder.path() + "/notify");
    REQUIRE(heard);
    const environment variables{{{"NOTIFY_SOCKET", heard->address()}}};
    REQUIRE(service_manager::take_from_environment().ready("here"));
    const auto said = kit::run(loop, heard->next());
    REQUIRE(said);
    CHECK(said->words.ready);
}

TEST_CASE("what is meant for another process is not ours, and goes on to nobody")
{
    const environment variables{{{"NOTIFY_SOCKET", "/run/notify"},
                                 {"WATCHDOG_USEC", "2000000"},
                                 {"WATCHDOG_PID", "1"},
                                 {"LISTEN_FDS", "1"},
                                 {"LISTEN_PID", "1"}}};
    const auto manager = service_manager::take_from_environment();
    CHECK(manager.listens());
    CHECK_FALSE(manager.watchdog());
    CHECK(manager.passed().empty());
    CHECK(environment::is_empty());
}

TEST_CASE("what makes no sense is passed over and said")
{
    const environment variables{
        {{"NOTIFY_SOCKET", "vsock:2:1234"}, {"LISTEN_FDS", "many"}, {"LISTEN_PID", own_pid()}}};
    const auto manager = service_manager::take_from_environment();
    CHECK_FALSE(manager.listens());
    CHECK(manager.oddities().size() == 2);
    CHECK(manager.alive());
}

TEST_CASE("a service manager that is gone is an error, and takes no time")
{
    const environment variables{{{"NOTIFY_SOCKET", "/no/such/socket"}}};
    const auto said = service_manager::take_from_environment().ready("");
    REQUIRE_FALSE(said);
    CHECK(said.error().why().value() == ENOENT);
}

TEST_CASE("descriptors that were passed are found by name, and close at the next exec")
{
    // In a program of its own, where 3 and 4 are not somebody else's.
    const kit::ends a = kit::make_pipe();
    const kit::ends b = kit::make_pipe();
    birth how;
    how.keep = {a.read.borrow(), b.read.borrow()};
    auto born = process::clone(kit::permit(), how, [&]() noexcept {
        const int first = ::fcntl(a.read.borrow(), F_DUPFD, 100);
        const int second = ::fcntl(b.read.borrow(), F_DUPFD, 100);
        ::dup2(first, 3);
        ::dup2(second, 4);
        const environment variables{
            {{"LISTEN_FDS", "2"}, {"LISTEN_PID", own_pid()}, {"LISTEN_FDNAMES", "web:admin"}}};
        const auto manager = service_manager::take_from_environment();
        const auto& passed = manager.passed();
        if (passed.size() != 2 || passed[0].name != "web" || passed[1].name != "admin")
            ::_exit(1);
        if (passed[0].number != 3 || (::fcntl(4, F_GETFD) & FD_CLOEXEC) == 0)
            ::_exit(2);
        if (!passed[0].is_there())
            ::_exit(3);
        ::dup2(second, 3);
        ::_exit(passed[0].is_there() ? 4 : 0);
    });
    REQUIRE(born);
    CHECK(born->wait() == exit_reason::exited(0));
}

TEST_CASE("another program of this process takes the same from the environment")
{
    const environment variables{{{"NOTIFY_SOCKET", "@somewhere"}, {"WATCHDOG_USEC", "2000000"}}};
    const auto manager = service_manager::take_from_environment();
    const auto left = manager.environment();
    std::map<std::string, std::string> all;
    for (const std::string& each : left)
        all.emplace(each.substr(0, each.find('=')), each.substr(each.find('=') + 1));
    CHECK(all == std::map<std::string, std::string>{{"NOTIFY_SOCKET", "@somewhere"},
                                                    {"WATCHDOG_PID", own_pid()},
                                                    {"WATCHDOG_USEC", "2000000"}});
    const environment again{all};
    CHECK(service_manager::take_from_environment().watchdog() == 2s);
    CHECK(service_manager{}.environment().empty());
}
