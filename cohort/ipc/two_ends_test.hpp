#pragma once
// For the tests of this room: two channels that talk to each other, both on one loop.

#include <cohort/async/scope.hpp>
#include <cohort/ipc/channel.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::ipc::testing {

using namespace std::chrono_literals;

/// As that of testing/harness.hpp, above us: only a real hang runs into it.
inline constexpr std::chrono::seconds patience{120};

/// Runs the loop until `claim()`; fails the test when patience ends.
template <class Claim>
void run_until(asio::io_context& loop, Claim claim)
{
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!claim()) {
        if (loop.stopped())
            loop.restart();
        loop.run_one_for(50ms);
        const bool is_in_time = std::chrono::steady_clock::now() < deadline;
        REQUIRE(is_in_time);
    }
}

/// What one end heard.
struct recorder {
    std::vector<envelope> came;
    std::optional<std::optional<fault>> ended;

    [[nodiscard]] channel::on_envelope take()
    {
        return [this](envelope&& what) noexcept { came.push_back(std::move(what)); };
    }
    [[nodiscard]] channel::on_closed closed()
    {
        return [this](std::optional<fault> why) noexcept { ended.emplace(std::move(why)); };
    }
};

inline channel open_end(asio::io_context& loop, unique_fd socket, channel_limits limits = {})
{
    auto opened = channel::open(loop.get_executor(), std::move(socket), limits);
    REQUIRE(opened);
    return *std::move(opened);
}

struct two_ends {
    explicit two_ends(channel_limits limits = {})
        : two_ends{channel::make_pair(), limits}
    {}

    void start_both()
    {
        left.start(left_heard.take(), left_heard.closed());
        right.start(right_heard.take(), right_heard.closed());
    }

    template <class Claim>
    void run(Claim claim)
    {
        run_until(loop, claim);
    }

    asio::io_context loop{1};
    recorder left_heard;
    recorder right_heard;
    channel left;
    channel right;

private:
    two_ends(result<std::pair<unique_fd, unique_fd>> pair, channel_limits limits)
        : left{open_end(loop, std::move(pair->first), limits)},
          right{open_end(loop, std::move(pair->second), limits)}
    {}
};

/// One end of a channel, the other a bare descriptor that a test can abuse.
struct one_end {
    explicit one_end(channel_limits limits = {})
        : one_end{channel::make_pair(), limits}
    {}

    void start() { mine.start(heard.take(), heard.closed()); }

    template <class Claim>
    void run(Claim claim)
    {
        run_until(loop, claim);
    }

    asio::io_context loop{1};
    recorder heard;
    unique_fd peer;
    channel mine;

private:
    one_end(result<std::pair<unique_fd, unique_fd>> pair, channel_limits limits)
        : peer{std::move(pair->second)}, mine{open_end(loop, std::move(pair->first), limits)}
    {}
};

/// A pipe whose read end says which one it is: it holds `word`.
inline unique_fd descriptor_that_says(const std::string& word)
{
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd in{ends[1]};
    REQUIRE(::write(in.borrow(), word.data(), word.size()) == static_cast<ssize_t>(word.size()));
    return unique_fd{ends[0]};
}

inline std::string what_it_says(const unique_fd& descriptor)
{
    char word[64];
    const auto n = ::read(descriptor.borrow(), word, sizeof word);
    return n > 0 ? std::string{word, static_cast<std::size_t>(n)} : std::string{};
}

inline void must_send(channel& over, envelope what)
{
    const auto sent = over.try_send(what);
    REQUIRE(sent);
}

/// A body whose every byte depends on its place and on `seed`.
inline std::string pattern(std::size_t size, unsigned seed)
{
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        body[i] = static_cast<char>(i * 131 + i / 251 + seed);
    return body;
}

}  // namespace cohort::ipc::testing
