#include "editions.hpp"

#include "storm.hpp"

#include <cohort/control/client.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/net/socket_address.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <set>
#include <stdexcept>

#include <sys/socket.h>
#include <unistd.h>

namespace cohort::test {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view marker = "COHORT-EDITION:";
constexpr std::size_t room = 27;  // behind it, in programs/edition

std::string bytes_of(const std::filesystem::path& file)
{
    std::ifstream from{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{from}, {}};
}

/// What one fresh connection is answered.
std::string first_answer(const net::endpoint& server)
{
    const auto address = net::to_socket_address(server).value();
    const unique_fd socket{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    constexpr std::string_view words =
        "GET /edition HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
    if (::connect(socket.borrow(), address.get(), address.length) == -1 ||
        ::send(socket.borrow(), words.data(), words.size(), MSG_NOSIGNAL) == -1)
        return "no answer";
    std::string all;
    char some[512];
    for (ssize_t got = 0; (got = ::recv(socket.borrow(), some, sizeof some, 0)) > 0;)
        all.append(some, static_cast<std::size_t>(got));
    const std::size_t body = all.find("\r\n\r\n");
    return body == std::string::npos ? "no answer" : all.substr(body + 4);
}

}  // namespace

std::string edition_program() { return EDITION_PROGRAM; }

edition_server::edition_server(const plan& what)
    : program_{prepare(what)}
{
    const auto lines = program_.wait_for_all("listening on port", what.workers);
    where_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value();
}

edition_server::~edition_server()
{
    const std::vector<pid_t> whole = family_of(program_.pid());
    try {
        (void)program_.stop();
    } catch (const failure& why) {
        std::fprintf(stderr, "edition server: %s\n", why.what());
    }
    for (const pid_t each : whole) {
        if (testing::title_of(each).starts_with("cohort: "))
            ::kill(each, SIGKILL);
    }
}

testing::launch edition_server::prepare(const plan& what)
{
    configure(what);
    deploy(what.edition);
    std::filesystem::create_directory(temporary_files());
    std::vector<std::string> words = what.under;
    words.push_back((folder_.path() / "edition").string());
    words.insert(words.end(), {"--config", (folder_.path() / "cohort.toml").string()});
    words.insert(words.end(), {"--name", "edition"});
    testing::launch how;
    how.exec = words.front();
    how.args.assign(words.begin() + 1, words.end());
    how.env = {"COHORT_RUNTIME_DIR=" + (folder_.path() / "run").string(),
               "TMPDIR=" + temporary_files().string()};
    return how;
}

void edition_server::configure(const plan& what) const
{
    const std::string number =
        what.range.empty() ? std::to_string(what.workers) : fmt::format("\"{}\"", what.range);
    std::ofstream{folder_.path() / "cohort.toml"} << fmt::format(
        "[app.edition]\nlisten = [\"127.0.0.1:0\"]\nworkers = {}\n{}\n", number, what.file);
}

void edition_server::deploy(std::string_view words)
{
    std::string bytes = bytes_of(edition_program());
    const std::size_t at = bytes.find(marker);
    if (at == std::string::npos || words.size() > room)
        throw std::logic_error{"the edition program has no room for its words"};
    bytes.replace(at + marker.size(), room, fmt::format("{:<{}}", words, room));
    const auto fresh = folder_.path() / "edition.new";
    std::ofstream{fresh, std::ios::binary} << bytes;
    std::filesystem::permissions(fresh, std::filesystem::perms{0755});
    std::filesystem::rename(fresh, folder_.path() / "edition");
}

std::string edition_server::reload()
{
    program_.signal(SIGHUP);
    const auto line = program_.wait_for([](const boost::json::object& each) {
        const std::string_view words = each.at("message").as_string();
        return words.starts_with("reload:") && words.find("generation") != std::string_view::npos &&
               words.find("serves") != std::string_view::npos &&
               words.find("as the first") == std::string_view::npos;
    });
    return std::string{line.at("message").as_string()};
}

control::answer edition_server::ask(const std::string& verb, boost::json::object arguments) const
{
    control::request what{verb};
    what.arguments = std::move(arguments);
    what.budget = std::chrono::duration_cast<milliseconds>(testing::patience);
    return ask(what, {});
}

control::answer edition_server::ask(const control::request& what,
                                    control::client::hear_progress tell) const
{
    control::client asks{{.app = "edition",
                          .socket = folder_.path() / "run" / control::socket_name("edition"),
                          .opened_by = program_.pid()}};
    auto said = asks.ask(what, control::client::manner::once, std::move(tell));
    if (!said)
        throw failure{said.error()};
    return *std::move(said);
}

std::vector<std::string> edition_server::editions() const
{
    std::set<std::string> seen;
    for (int i = 0; i < 40; ++i)
        seen.insert(first_answer(where_));
    return {seen.begin(), seen.end()};
}

std::vector<pid_t> edition_server::processes(std::string_view title) const
{
    std::vector<pid_t> all = family_of(program_.pid());
    std::erase_if(all, [&](pid_t each) { return !testing::title_of(each).starts_with(title); });
    return all;
}

testing::witness_plan edition_server::load(nanoseconds lasting, std::uint64_t seed) const
{
    testing::witness_plan what;
    what.server = where_;
    what.connections = 32;
    what.duration = lasting;
    what.asks.seed = seed;
    what.asks.mix = testing::witness_mix::everything();
    return what;
}

testing::witness_plan edition_server::plain_load(nanoseconds lasting, std::uint64_t seed) const
{
    testing::witness_plan what = load(lasting, seed);
    what.plain_target = "/alike";
    what.asks.mix = testing::witness_mix::plain();
    what.asks.mix[testing::witness_kind::post] = 1;
    what.asks.mix[testing::witness_kind::get] = 3;
    return what;
}

testing::witness_report under_load(const testing::witness_plan& load,
                                   const std::function<void()>& deed)
{
    auto watching = testing::witness::make(load).value();
    (void)watching.run_for(300ms);
    auto other = std::async(std::launch::async, deed);
    while (other.wait_for(0s) != std::future_status::ready && watching.run_for(20ms)) {
    }
    other.wait();
    watching.stop();
    while (watching.run_for(100ms)) {
    }
    other.get();
    return watching.report();
}

}  // namespace cohort::test
