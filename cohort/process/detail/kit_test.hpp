#pragma once
// What the tests of this room share: waiting for bytes with a deadline, running one coroutine.

#include <cohort/async/deadline.hpp>
#include <cohort/async/scope.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/permit.hpp>

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace cohort::process::kit {

inline constexpr std::chrono::seconds patience{60};

/// ThreadSanitizer knows threads and forks, but no twins; pairs are off there.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool no_twins = true;
#else
inline constexpr bool no_twins = false;
#endif

template <class T>
awaitable<> keep_answer(awaitable<result<T>> work, std::optional<result<T>>& into)
{
    auto bounded = with_deadline(std::move(work), patience);
    auto answer = co_await std::move(bounded);
    into.emplace(std::move(answer));
}

/// Runs one coroutine to its end, with a deadline.
template <class T>
result<T> run(asio::io_context& loop, awaitable<result<T>> work)
{
    std::optional<result<T>> answer;
    scope tasks{loop.get_executor()};
    tasks.spawn(keep_answer(std::move(work), answer));
    loop.restart();
    loop.run();
    return std::move(answer).value();
}

/// Bytes from a pipe until `done` says enough, the other end closes, or patience ends.
template <class Done>
std::string read_until(const unique_fd& from, Done done)
{
    const auto deadline = now() + patience;
    std::string all;
    while (!done(all) && now() < deadline) {
        pollfd look{from.borrow(), POLLIN, 0};
        if (::poll(&look, 1, 100) != 1)
            continue;
        std::array<char, 4096> piece{};
        const ssize_t got = ::read(from.borrow(), piece.data(), piece.size());
        if (got <= 0)
            break;
        all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
}

inline std::string read_all(const unique_fd& from)
{
    return read_until(from, [](const std::string&) { return false; });
}

inline std::string read_line(const unique_fd& from)
{
    return read_until(from, [](const std::string& all) { return all.ends_with('\n'); });
}

inline std::string file_text(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline fork_permit permit()
{
    auto asked = fork_permit::ask();
    REQUIRE_MESSAGE(asked.has_value(), (asked ? "" : asked.error().text()));
    return std::move(*asked);
}

/// Two ends of a pipe, close-on-exec.
struct ends {
    unique_fd read;
    unique_fd write;
};

inline ends make_pipe()
{
    int fds[2] = {-1, -1};
    REQUIRE(::pipe2(fds, O_CLOEXEC) == 0);
    return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

/// Has the process `pid` ended (or does it only wait to be reaped)? Waits with patience.
inline bool ends_soon(pid_t pid)
{
    const auto deadline = now() + patience;
    while (now() < deadline) {
        const std::string stat = file_text("/proc/" + std::to_string(pid) + "/stat");
        const std::size_t name_end = stat.rfind(')');
        if (name_end == std::string::npos || stat.substr(name_end + 2, 1) == "Z")
            return true;
        ::poll(nullptr, 0, 2);
    }
    return false;
}

/// A folder of its own, gone at the end.
class temporary_folder {
public:
    temporary_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "cohort-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace cohort::process::kit
