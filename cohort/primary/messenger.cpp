#include <cohort/primary/messenger.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/permit.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

/// For one that is nearly done when we are stopped, and for the kernel to end one that is killed.
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

/// How long a caller still waits. A value.
class messengers::patience {
public:
    patience(asio::cancellation_state stop, nanoseconds budget)
        : stop_{stop}, until_{now() + budget}
    {}

    /// Who is stopped hurries. Never negative.
    [[nodiscard]] nanoseconds left()
    {
        if (stopped(stop_) && !std::exchange(hurries_, true))
            until_ = std::min(until_, now() + last_moment);
        return std::max<nanoseconds>(until_ - now(), 0ns);
    }

private:
    asio::cancellation_state stop_;
    steady_time until_;
    bool hurries_ = false;
};

/// One of those that wait, or are out, for as long as this exists.
struct messengers::counted {
    explicit counted(std::size_t& of, wakeup* tell = nullptr)
        : of_{of}, tell_{tell}
    {
        ++of_;
    }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted()
    {
        --of_;
        if (tell_ != nullptr)
            tell_->notify_all();
    }

private:
    std::size_t& of_;
    wakeup* tell_;
};

messengers::messengers(asio::any_io_executor executor)
    : returned_{executor}
{}

messengers::~messengers()
{
    // In the kernel they may hang for as long as the server does. We cannot.
    for (process::child& each : hanging_)
        each.let_go();
}

bool messengers::one_hangs()
{
    std::erase_if(hanging_, [](process::child& each) { return each.try_reap().has_value(); });
    return !hanging_.empty();
}

awaitable<result<>> messengers::somebody_returns()
{
    co_await returned_.wait();
    co_return result<>{};
}

awaitable<result<>> messengers::take_turn(patience& has)
{
    if (waiting_ == waiting_max)
        co_return failed(errc::queue_full, "write or read files", "too many wait for others");
    const counted here{waiting_};
    while (!one_hangs() && out_ == out_max) {
        const nanoseconds left = has.left();
        if (left == 0ns)
            co_return failed(errc::deadline_passed, "write or read files", "others still do");
        auto turn = somebody_returns();
        auto bounded = with_deadline(std::move(turn), left);
        static_cast<void>(co_await std::move(bounded));
    }
    if (one_hangs())
        co_return failed(errc::deadline_passed, "write or read files", "one before still hangs");
    co_return result<>{};
}

awaitable<result<std::string>> messengers::send(messenger_work what, nanoseconds budget)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    patience has{stop, budget};
    auto turn = take_turn(has);
    COHORT_CO_TRY(co_await std::move(turn));
    const counted on_its_way{out_, &returned_};
    COHORT_CO_TRY(auto out, send_out(what));
    process::child& who = out.who;
    for (nanoseconds left = has.left(); !who.ended() && left != 0ns; left = has.left()) {
        auto end = who.exited();
        auto bounded = with_deadline(std::move(end), left);
        const auto seen = co_await std::move(bounded);
        if (!seen && seen.error().why() != errc::cancelled &&
            seen.error().why() != errc::deadline_passed)
            break;  // our loop cannot watch it
    }
    auto how = who.try_reap();
    if (!how) {
        static_cast<void>(who.signal(SIGKILL));
        auto death = who.exited();
        auto soon = with_deadline(std::move(death), last_moment);
        static_cast<void>(co_await std::move(soon));
        if (!who.ended())
            hanging_.push_back(std::move(who));
        co_return failed(errc::deadline_passed, "write or read files");
    }
    if (how->code() != 0)
        co_return failed(errc::answer_failed, "write or read files", how->words());
    co_return hear(out.answer);
}

}  // namespace cohort::primary
