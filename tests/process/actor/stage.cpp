#include "stage.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace actor {

namespace {

bool failed_any = false;

cohort::settings settings_of(int argc, char** argv)
{
    cohort::settings s;
    s.name = argc > 1 ? argv[1] : "actor";
    s.supervision = cohort::supervision::by_hand;
    s.stop.timeout = 10s;
    s.ready.timeout = 20s;
    return s;
}

task<cohort::result<>> wait_until(std::function<bool()> holds,
                                  std::shared_ptr<cohort::wakeup> changed)
{
    const auto stop = co_await cohort::asio::this_coro::cancellation_state;
    while (!holds() && !cohort::stopped(stop))
        co_await changed->wait();
    co_return cohort::result<>{};
}

happening of(std::string what, const cohort::worker_info& who)
{
    happening h;
    h.what = std::move(what);
    h.who = who;
    return h;
}

bool ready(int descriptor, short events)
{
    pollfd one{descriptor, events, 0};
    const auto wait = std::chrono::duration_cast<cohort::milliseconds>(patience);
    return ::poll(&one, 1, static_cast<int>(wait.count())) == 1;
}

}  // namespace

void expect(bool holds, std::string_view words)
{
    if (holds)
        return;
    failed_any = true;
    const boost::json::value line = {{"message", fmt::format("failed: {}", words)},
                                     {"pid", ::getpid()}};
    fmt::print("{}\n", boost::json::serialize(line));
    std::fflush(stdout);
}

void expect_equal(std::string_view got, std::string_view wanted, std::string_view words)
{
    expect(got == wanted, fmt::format("{}: got \"{}\", wanted \"{}\"", words, got, wanted));
}

bool all_held() noexcept { return !failed_any; }

stage::stage(int argc, char** argv)
    : cluster{settings_of(argc, argv)}
{
    cluster.on_setup([this](const cohort::settings&) { ++setups; });
    cluster.on_fork([this](const cohort::worker_info& who) { note("fork", who); });
    cluster.on_online([this](const cohort::worker_info& who) { note("online", who); });
    cluster.on_listening([this](const cohort::worker_info& who, const cohort::listening_info& at) {
        happening h = of("listening", who);
        h.where = at;
        note(std::move(h));
    });
    cluster.on_message([this](const cohort::worker_info& who, message& what) {
        happening h = of("message", who);
        h.said = what.json();
        h.bytes = what.bytes();
        if (!what.descriptors().empty())
            messages.push_back(std::move(what));
        note(std::move(h));
    });
    cluster.on_request([this](cohort::worker_info from, message question) {
        return answer(from, std::move(question));
    });
    cluster.on_disconnect([this](const cohort::worker_info& who) { note("disconnect", who); });
    cluster.on_exit([this](const cohort::worker_info& who, cohort::exit_status how) {
        happening h = of("exit", who);
        h.end = std::move(how);
        note(std::move(h));
    });
    cluster.on_error([this](const cohort::worker_info& who, const cohort::fault& why) {
        happening h = of("error", who);
        h.bytes = why.text();
        note(std::move(h));
    });
}

std::shared_ptr<cohort::wakeup> stage::changed()
{
    auto it = changed_.lock();
    if (!it) {
        it = std::make_shared<cohort::wakeup>(cluster.loop().get_executor());
        changed_ = it;
    }
    return it;
}

void stage::look_again() { changed()->notify_all(); }

task<message> stage::answer(cohort::worker_info from, message question)
{
    const auto stop = co_await cohort::asio::this_coro::cancellation_state;
    const auto again = changed();
    // Deadline: the scenario's own; it ends the worker that asks.
    while ((hold || !may_go_on) && !cohort::stopped(stop))
        co_await again->wait();
    if (question.json() == "throw")
        throw std::runtime_error{"the primary's answer failed"};
    const boost::json::value said = {{"from", from.id}, {"asked", question.json()}};
    co_return message::json(said);
}

void stage::note(std::string what, const cohort::worker_info& who)
{
    note(of(std::move(what), who));
}

void stage::note(happening what)
{
    what.workers_known = cluster.workers().size();
    heard.push_back(std::move(what));
    if (besides) {
        const happening copy = heard.back();
        besides(copy);
    }
    if (const auto waited_for = changed_.lock())
        waited_for->notify_all();
}

task<> stage::until(std::function<bool()> holds, std::string what)
{
    auto work = wait_until(std::move(holds), changed());
    const auto done = co_await cohort::with_deadline(std::move(work), patience);
    expect(done.has_value(), fmt::format("{} within {} s", what, patience / 1s));
}

task<> stage::until(std::string what, std::uint32_t id, std::size_t wanted)
{
    const std::function<bool()> holds = [this, what, id, wanted] {
        return count(what, id) >= wanted;
    };
    std::string words = fmt::format("{} times \"{}\" of worker {}", wanted, what, id);
    co_await until(holds, std::move(words));
}

std::size_t stage::count(std::string_view what, std::uint32_t id) const
{
    const auto is_it = [&](const happening& h) {
        return h.what == what && (id == 0 || h.who.id == id);
    };
    return static_cast<std::size_t>(std::ranges::count_if(heard, is_it));
}

happening stage::find(std::string_view what, std::uint32_t id) const
{
    for (const happening& h : heard) {
        if (h.what == what && h.who.id == id)
            return h;
    }
    expect(false, fmt::format("there was a \"{}\" of worker {}", what, id));
    return {};
}

std::string stage::life_of(std::uint32_t id) const
{
    std::string all;
    for (const happening& h : heard) {
        if (h.who.id == id)
            all += (all.empty() ? "" : " ") + h.what;
    }
    return all;
}

cohort::worker_info stage::fork(std::string role)
{
    return fork(std::move(role), cohort::fork_options{});
}

cohort::worker_info stage::fork(std::string role, cohort::fork_options how)
{
    how.env["ACTOR_ROLE"] = std::move(role);
    auto born = cluster.fork(std::move(how));
    if (born)
        return *born;
    expect(false, "fork: " + born.error().text());
    return {};
}

task<cohort::worker_info> stage::online(std::string role)
{
    const cohort::worker_info who = fork(std::move(role));
    co_await until("online", who.id);
    co_return who;
}

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

task<> ask_permission(cohort::worker& self)
{
    auto question = message::json("may I go on?");
    co_await self.request(std::move(question), patience);
}

tcp_pair connect_tcp()
{
    const cohort::unique_fd door{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    socklen_t length = sizeof where;
    expect(::bind(door.borrow(), address, length) == 0, "bind");
    expect(::listen(door.borrow(), 8) == 0, "listen");
    expect(::getsockname(door.borrow(), address, &length) == 0, "getsockname");
    tcp_pair pair;
    pair.near.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    expect(::connect(pair.near.borrow(), address, length) == 0, "connect");
    pair.far.reset(::accept4(door.borrow(), nullptr, nullptr, SOCK_CLOEXEC));
    expect(pair.far.valid(), "accept");
    return pair;
}

bool write_all(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        if (!ready(descriptor, POLLOUT))
            return false;
        const auto n = ::write(descriptor, bytes.data(), bytes.size());
        if (n > 0)
            bytes.remove_prefix(static_cast<std::size_t>(n));
        else if (errno != EAGAIN && errno != EINTR)
            return false;
    }
    return true;
}

std::string read_some(int descriptor, std::size_t bytes)
{
    std::string text;
    while (text.size() < bytes && ready(descriptor, POLLIN)) {
        char piece[65536];
        const auto n = ::read(descriptor, piece, std::min(sizeof piece, bytes - text.size()));
        if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
            break;
        if (n > 0)
            text.append(piece, static_cast<std::size_t>(n));
    }
    return text;
}

std::string read_all(int descriptor) { return read_some(descriptor, std::string::npos / 2); }

cohort::unique_fd pipe_with(std::string_view text)
{
    int ends[2] = {-1, -1};
    expect(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
    cohort::unique_fd in{ends[1]};
    expect(write_all(in.borrow(), text), "write into a pipe");
    return cohort::unique_fd{ends[0]};
}

}  // namespace actor
