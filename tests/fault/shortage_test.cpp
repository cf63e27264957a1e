// Nothing left to open, and no room for the log: what is there is served on, what waits is served
// later, and it is said what was lost.
#include "editions.hpp"
#include "storm.hpp"

#include <cohort/base/parse.hpp>
#include <cohort/net/socket_address.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace cohort;
using namespace cohort::test;
using namespace std::chrono_literals;
using control::exit_code;
using testing::eventually;

namespace {

using names = std::vector<std::string>;

constexpr const char* quick = "[app.edition.reload]\nsoak = \"200ms\"\nabort_if = [\"crash\"]\n"
                              "[app.edition.ready]\ntimeout = \"2s\"\n";

/// As long as it lives these processes can have so many descriptors more than now, and no others.
class want_of_descriptors {
public:
    want_of_descriptors(const std::vector<pid_t>& of, std::size_t spare)
    {
        for (const pid_t each : of) {
            rlimit before{};
            if (::prlimit(each, RLIMIT_NOFILE, nullptr, &before) == -1)
                continue;  // it ended meanwhile
            const rlimit tight{.rlim_cur = number_behind(each, spare), .rlim_max = before.rlim_max};
            if (::prlimit(each, RLIMIT_NOFILE, &tight, nullptr) == 0)
                before_.emplace_back(each, before);
        }
    }
    ~want_of_descriptors()
    {
        for (const auto& [each, before] : before_)
            ::prlimit(each, RLIMIT_NOFILE, &before, nullptr);
    }
    want_of_descriptors(const want_of_descriptors&) = delete;
    want_of_descriptors& operator=(const want_of_descriptors&) = delete;

private:
    /// Below it, so many numbers are free.
    static rlim_t number_behind(pid_t of, std::size_t spare)
    {
        std::set<rlim_t> open;
        std::error_code gone;
        const std::filesystem::path folder{"/proc/" + std::to_string(of) + "/fd"};
        for (const auto& each : std::filesystem::directory_iterator{folder, gone})
            open.insert(parse_integer<rlim_t>(each.path().filename().native()).value_or(0));
        rlim_t limit = 0;
        for (std::size_t free = 0; free < spare || open.contains(limit); ++limit)
            free += open.contains(limit) ? 0 : 1;
        return limit;
    }

    std::vector<std::pair<pid_t, rlimit>> before_;
};

/// Connections of somebody who asks once on each, and keeps it open.
class crowd {
public:
    void join(const net::endpoint& server, std::size_t count)
    {
        constexpr std::string_view words = "GET /edition HTTP/1.1\r\nHost: here\r\n\r\n";
        const auto address = net::to_socket_address(server).value();
        for (std::size_t i = 0; i < count; ++i) {
            unique_fd& one =
                all_.emplace_back(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
            REQUIRE(::connect(one.borrow(), address.get(), address.length) == 0);
            REQUIRE(::send(one.borrow(), words.data(), words.size(), MSG_NOSIGNAL) > 0);
        }
    }
    /// On how many an answer, or an end, has come.
    [[nodiscard]] std::size_t answered() const
    {
        return static_cast<std::size_t>(std::ranges::count_if(all_, has_news));
    }
    /// Those that were answered leave.
    void leave() { std::erase_if(all_, has_news); }
    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

private:
    static bool has_news(const unique_fd& one)
    {
        pollfd ask{.fd = one.borrow(), .events = POLLIN, .revents = 0};
        return ::poll(&ask, 1, 0) == 1;
    }

    std::vector<unique_fd> all_;
};

/// The workers, and who shares a table of descriptors with one of them.
std::vector<pid_t> pairs_of(const edition_server& server)
{
    std::vector<pid_t> all;
    for (const auto* title : {"cohort: worker", "cohort: keeper", "cohort: standby"}) {
        const auto some = server.processes(title);
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

/// The processor time that a process has used up, in ticks.
std::uint64_t ticks_of(pid_t process)
{
    const std::string text = testing::read_about(process, "stat");
    std::uint64_t sum = 0;
    std::size_t at = text.rfind(')');
    for (int field = 2; field <= 15 && at != std::string::npos; ++field) {
        const std::size_t begin = text.find(' ', at) + 1;
        at = begin - 1;
        const std::size_t end = text.find(' ', begin);
        if (field >= 13)
            sum += parse_integer<std::uint64_t>(text.substr(begin, end - begin)).value_or(0);
        at = end;
    }
    return sum;
}

}  // namespace

TEST_CASE("a worker without descriptors serves whom it has, and the others when somebody leaves")
{
    edition_server server{{.file = quick}};
    const auto terms = storm_terms::read(600, 0);
    crowd others;
    const auto report = under_load(server.load(terms.lasting, terms.seed), [&] {
        const want_of_descriptors tight{pairs_of(server), 6};
        others.join(server.where(), 60);
        (void)server.program().wait_for("no descriptor for a connection");
        CHECK(others.answered() < others.size());
        // Who comes after one that dies finds the same table, as full as it is.
        ::kill(server.processes("cohort: worker").at(0), SIGKILL);
        (void)server.program().wait_for("connections go on where the last worker left them");
        while (others.size() > 0) {
            CHECK(eventually([&] { return others.answered() > 0; }));
            others.leave();
        }
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
    CHECK(server.processes("cohort: worker").size() == 2);
    CHECK(server.editions() == names{"1"});
}

TEST_CASE("a primary without descriptors changes nothing, says so, and goes on when it has some")
{
    edition_server server{{.file = quick}};
    const auto terms = storm_terms::read(600, 0);
    const auto report = under_load(server.load(terms.lasting, terms.seed), [&] {
        const auto primary = server.processes("cohort: primary").at(0);
        server.deploy("2 fine");
        {
            const want_of_descriptors tight{{primary}, 0};
            server.program().signal(SIGHUP);
            const auto said = server.program().wait_for("generation 1 serves");
            const std::string words{said.at("message").as_string()};
            CHECK_MESSAGE(words.find("Too many open files") != std::string::npos, words);
            // Nobody needs it to go on after a death. A second of that costs no processor.
            ::kill(server.processes("cohort: worker").at(0), SIGKILL);
            (void)server.program().wait_for("connections go on where the last worker left them");
            const std::uint64_t before = ticks_of(primary);
            const steady_time until = now() + 2s;
            CHECK(eventually([&] { return now() > until; }));
            CHECK(ticks_of(primary) - before < 100);  // of 200: it does not spin
        }
        CHECK(eventually([&] { return server.processes("cohort: worker").size() == 2; }));
        const auto said = server.ask("reload");
        CHECK_MESSAGE(said.code == exit_code::done, said.reason);
    });
    CHECK_MESSAGE(report.good(), report.text());
    MESSAGE(report.text());
    CHECK(server.editions() == names{"2"});
}
