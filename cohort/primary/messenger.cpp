#include <cohort/primary/messenger.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// For one that is nearly done when we are stopped, or killed.
constexpr milliseconds last_moment = 1s;

/// A copy that is on its way, and where it answers. A resource.
struct messenger {
    process::child who;
    unique_fd answer;
};

/// Into a pipe, which takes as much at once.
void say(const unique_fd& to, std::string_view words) noexcept
{
    words = cut_to(words, messenger_answer_max);
    while (!words.empty()) {
        const ssize_t took = ::write(to.borrow(), words.data(), words.size());
        if (took <= 0)
            return;
        words.remove_prefix(static_cast<std::size_t>(took));
    }
}

result<messenger> send_out(messenger_work& what)
{
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == -1)
        return failed("open a pipe for a messenger");
    unique_fd answer{ends[0]};
    const unique_fd to{ends[1]};
    COHORT_TRY(auto permit, process::fork_permit::ask());
    process::birth how;
    how.title = "cohort: errand";
    how.keep = {to.borrow()};
    how.orphan = process::parent_death::after(last_moment);
    COHORT_TRY(auto who, process::clone(std::move(permit), how,
                                        [&what, &to]() noexcept { say(to, what()); }));
    return messenger{std::move(who), std::move(answer)};
}

std::string hear(const unique_fd& answer)
{
    std::string words(messenger_answer_max, '\0');
    std::size_t have = 0;
    while (have < words.size()) {
        const ssize_t got = ::read(answer.borrow(), words.data() + have, words.size() - have);
        if (got <= 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    words.resize(have);
    return words;
}

}  // namespace

awaitable<result<std::string>> send_messenger(messenger_work what, nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    if (stopped(stop))
        co_return what();
    auto out = send_out(what);
    if (!out)
        co_return what();
    process::child& who = out->who;
    auto end = who.exited();
    auto bounded = with_deadline(std::move(end), budget);
    co_await std::move(bounded);
    if (!who.ended() && stopped(stop)) {
        // Nobody waits for our loop any more; this one may be nearly done.
        pollfd look{who.pidfd().borrow(), POLLIN, 0};
        ::poll(&look, 1, static_cast<int>(last_moment.count()));
    }
    auto how = who.try_reap();
    if (!how) {
        static_cast<void>(who.signal(SIGKILL));
        auto death = who.exited();
        auto soon = with_deadline(std::move(death), last_moment);
        co_await std::move(soon);
        // In the kernel it may hang for as long as the server does. We cannot.
        if (!who.ended())
            who.let_go();
        co_return failed(errc::deadline_passed, "write or read files");
    }
    if (how->code() != 0)
        co_return failed(errc::answer_failed, "write or read files", how->words());
    co_return hear(out->answer);
}

}  // namespace cohort::primary
