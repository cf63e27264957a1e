#include "dynasty.hpp"

#include <cohort/http/culprit.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/net/socket_option.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace cohort::test {

using namespace std::chrono_literals;
using board::standing;

namespace {

shared_words& shared()
{
    void* const memory = ::mmap(nullptr, sizeof(shared_words), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    return *::new (memory) shared_words{};
}

shared_words* here = nullptr;
board::journal_header* notes = nullptr;

[[maybe_unused]] void maybe_wait(std::string_view name) noexcept
{
    const char* const hold_at = here->hold_at.load();
    if (hold_at == nullptr || name != hold_at)
        return;
    ++here->waiting;
    const auto patience = now() + 10s;
    while (here->go == 0 && now() < patience)
        ::poll(nullptr, 0, 1);
}

[[maybe_unused]] void maybe_die(const char* name) noexcept
{
    maybe_wait(name);
    const std::uint32_t passed = here->passed.fetch_add(1) + 1;
    if (passed != here->die_at.load())
        return;
    here->died_at.store(name);
    ::kill(::getpid(), SIGKILL);
}

/// What process/last_words.hpp does, as far as adoption looks at it.
void on_crash(int number)
{
    const unsigned thread = lanes::here();
    notes->crash.signal.store(static_cast<std::uint32_t>(number));
    notes->crash.thread.store(thread);
    notes->crash.running.store(notes->running[thread].load());
    notes->crash.pid.store(static_cast<std::uint32_t>(::getpid()));
    http::culprit::accuse(thread);
    ::signal(number, SIG_DFL);
    ::raise(number);
}

}  // namespace

std::string pattern(std::size_t bytes)
{
    std::string all(bytes, ' ');
    for (std::size_t i = 0; i < bytes; ++i)
        all[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
    return all;
}

std::string dateless(std::string_view heard)
{
    std::string all{heard};
    for (auto at = all.find("Date: "); at != std::string::npos; at = all.find("Date: ", at + 6))
        all.replace(at + 6, 29, 29, '-');
    return all;
}

void caller::say(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t put = ::send(socket.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0)
            return;  // closed or reset: the test sees it in what it hears
        said += static_cast<std::uint64_t>(put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

void caller::listen(std::size_t most)
{
    std::array<char, 65'536> bytes;
    while (most != 0) {
        const ssize_t got =
            ::recv(socket.borrow(), bytes.data(), std::min(most, bytes.size()), MSG_DONTWAIT);
        if (got <= 0) {
            ended = ended || got == 0;
            reset = reset || (got < 0 && errno == ECONNRESET);
            return;
        }
        heard.append(bytes.data(), static_cast<std::size_t>(got));
        most -= static_cast<std::size_t>(got);
    }
}

dynasty::dynasty()
    : words{shared()}, board_{*board::segment::create(1)}
{}

dynasty::~dynasty()
{
    kill();
    ::munmap(&words, sizeof words);
}

void dynasty::kill()
{
    if (!server_)
        return;
    static_cast<void>(server_->signal(SIGKILL));
    server_->wait();
    server_.reset();
}

void dynasty::strike(int signal)
{
    if (server_)
        static_cast<void>(server_->signal(signal));
}

caller dynasty::call(int server_buffer)
{
    if (!book_) {
        auto made = board::journal::create({.records = 1024, .arena_bytes = arena_bytes});
        REQUIRE(made);
        book_.emplace(std::move(*made));
    }
    const unique_fd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    const int on = 1;
    ::setsockopt(listener.borrow(), SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
    ::setsockopt(listener.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (server_buffer != 0)
        ::setsockopt(listener.borrow(), SOL_SOCKET, SO_SNDBUF, &server_buffer,
                     sizeof server_buffer);
    REQUIRE(::bind(listener.borrow(), generic, length) == 0);
    REQUIRE(::listen(listener.borrow(), 1) == 0);
    REQUIRE(::getsockname(listener.borrow(), generic, &length) == 0);
    caller who;
    who.socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (server_buffer != 0)
        ::setsockopt(who.socket.borrow(), SOL_SOCKET, SO_RCVBUF, &server_buffer,
                     sizeof server_buffer);
    ::setsockopt(who.socket.borrow(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    REQUIRE(::connect(who.socket.borrow(), generic, length) == 0);
    table_.emplace_back(
        ::accept4(listener.borrow(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    who.number = table_.back().borrow();
    return who;
}

void dynasty::reign()
{
    process::birth how;
    for (const unique_fd& each : table_)
        how.keep.push_back(each.borrow());
    words.ready = 0;
    words.passed = 0;
    ++reigns_;
    auto permit = process::fork_permit::ask();
    REQUIRE(permit);
    auto born = process::clone(std::move(*permit), how, [this]() noexcept { serve(); });
    REQUIRE(born);
    server_.emplace(std::move(*born));
}

void dynasty::serve() noexcept
{
    here = &words;
    notes = &book_->header();
#ifdef COHORT_FAULT_POINTS
    on_fault_point = &maybe_die;
#endif
    for (const int number : {SIGSEGV, SIGABRT})
        ::signal(number, &on_crash);
    boost::asio::io_context loop{1};
    lanes::of(loop).configure(lanes_wanted, lanes::queue_default);
    net::poller poller{loop};
    http::router api;
    routes(api);
    board::quarantine quarantine = board_.quarantine();
    options.survival.journal = &*book_;
    options.survival.quarantine = &quarantine;
    if (!poller.start() || !api.freeze())
        ::_exit(3);
    http::server_options of_another;
    of_another.survival.strangers_in = &*book_;
    http::server serving{loop, poller, api, std::move(options)};
    http::server another{loop, poller, api, std::move(of_another)};
    std::vector<int> found;
    for (const unique_fd& each : table_)
        found.push_back(each.borrow());
    boost::asio::post(loop, [&] {
        if (reigns_ == 1) {
            serving.adopt({}, {});
            for (std::size_t i = 0; i < table_.size(); ++i) {
                http::server& its = i < strangers ? another : serving;
                if (!its.take(std::move(table_[i])))
                    ::_exit(4);
            }
        } else {
            serving.adopt(found, {});
        }
        words.ready = 1;
    });
    loop.run();
    ::_exit(0);
}

void dynasty::note_end()
{
    if (!server_ || !server_->try_reap())
        return;
    ++words.deaths;
    words.die_at = words.heir_dies_at.exchange(0);
    server_.reset();
    if (succeed)
        reign();
}

void dynasty::turn(caller& from, std::size_t most)
{
    note_end();
    pollfd waits{from.socket.borrow(), POLLIN, 0};
    ::poll(&waits, from.ended ? 0 : 1, 1);
    from.listen(most);
}

void dynasty::until(caller& from, const std::function<bool()>& come)
{
    const auto patience = now() + 10s;
    while (!come()) {
        INFO("heard ", from.heard.size(), " bytes: ", from.heard.substr(0, 2000));
        INFO("died at ", words.died_at.load() == nullptr ? "-" : words.died_at.load());
        REQUIRE(now() < patience);
        turn(from);
    }
}

void dynasty::say(caller& who, std::string_view bytes)
{
    who.say(bytes);
    const board::connection_record& page = *book_->record(who.number);
    until(who, [&] {
        return page.taken.load() >= who.said || who.ended || who.reset ||
               page.state().now == standing::closing || page.state().now == standing::running ||
               page.state().now == standing::streaming ||
               (words.ready == 1 && page.state().now == standing::free);
    });
}

void dynasty::hear_end(caller& who)
{
    until(who, [&] {
        const bool closed = words.ready == 1 && state(who).now == standing::free;
        if (closed)
            std::erase_if(table_, [&](const unique_fd& f) { return f.borrow() == who.number; });
        return who.ended || who.reset;
    });
}

void dynasty::leave(caller& who)
{
    net::reset_when_closed(who.socket.borrow());
    who.socket.reset();
    const auto patience = now() + 10s;
    while (state(who).now != standing::free) {
        REQUIRE(now() < patience);
        note_end();
        ::poll(nullptr, 0, 1);
    }
}

board::connection_state dynasty::state(const caller& of) const
{
    return book_->record(of.number)->state();
}

}  // namespace cohort::test
