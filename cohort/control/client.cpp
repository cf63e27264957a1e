#include <cohort/control/client.hpp>

#include <cohort/base/backoff.hpp>
#include <cohort/base/try.hpp>
#include <cohort/control/entrance.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

namespace cohort::control {

using namespace std::chrono_literals;

namespace {

/// How long nobody may listen while one primary follows another.
constexpr milliseconds succession_within = 5s;

bool nobody_there(const fault& why) noexcept
{
    const int number = why.why().value();
    return why.why().category() == boost::system::system_category() &&
           (number == ECONNREFUSED || number == ENOENT);
}

int milliseconds_until(steady_time until) noexcept
{
    if (until == steady_time::max())
        return -1;
    const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, 86'400'000));
}

/// A connection, and whose end is ours: see client::end_with_reader_of().
struct line_ends {
    const unique_fd& socket;
    int output;
};

/// Errors: errc::deadline_passed; errc::cancelled, nobody reads our output.
result<> wait_for(const line_ends& who, short what, steady_time until)
{
    for (;;) {
        std::array ask{pollfd{.fd = who.socket.borrow(), .events = what, .revents = 0},
                       pollfd{.fd = who.output, .events = 0, .revents = 0}};
        const int got = ::poll(ask.data(), ask.size(), milliseconds_until(until));
        if (got > 0 && ask[0].revents == 0)
            return failed(errc::cancelled, "hear the primary's answer");
        if (got > 0)
            return {};
        if (got == 0)
            return failed(errc::deadline_passed, "wait for the primary");
        if (errno != EINTR)
            return failed("wait for the primary");
    }
}

bool broken(int why) noexcept { return why == EPIPE || why == ECONNRESET; }

result<> send_all(const line_ends& who, std::string_view line, steady_time until)
{
    while (!line.empty()) {
        const auto sent = ::send(who.socket.borrow(), line.data(), line.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            line.remove_prefix(static_cast<std::size_t>(sent));
        } else if (broken(errno)) {
            return {};  // it may have said why before it hung up
        } else if (errno == EAGAIN) {
            COHORT_TRY(wait_for(who, POLLOUT, until));
        } else if (errno != EINTR) {
            return failed("ask the primary");
        }
    }
    return {};
}

/// Lines as they come. A resource.
class reader {
public:
    explicit reader(const line_ends& from)
        : from_{from}
    {}

    /// Errors: errc::channel_closed, the end; errc::deadline_passed; errc::too_large.
    result<std::string> line(steady_time until)
    {
        for (;;) {
            const auto end = held_.find('\n', looked_at_);
            if (end != std::string::npos) {
                std::string found = held_.substr(0, end);
                held_.erase(0, end + 1);
                looked_at_ = 0;
                return found;
            }
            looked_at_ = held_.size();
            if (held_.size() >= word_bytes_max)
                return failed(errc::too_large, "read what the primary says");
            COHORT_TRY(more(until));
        }
    }

private:
    result<> more(steady_time until)
    {
        std::array<char, 16'384> piece;
        const auto got = ::recv(from_.socket.borrow(), piece.data(), piece.size(), 0);
        if (got > 0) {
            held_.append(piece.data(), static_cast<std::size_t>(got));
            return {};
        }
        if (got == 0 || broken(errno))
            return failed(errc::channel_closed, "hear the primary's answer");
        if (errno == EAGAIN)
            return wait_for(from_, POLLIN, until);
        if (errno != EINTR)
            return failed("hear the primary's answer");
        return {};
    }

    const line_ends& from_;
    std::string held_;
    std::size_t looked_at_ = 0;
};

result<> look_into(const std::filesystem::path& folder, std::vector<cohort_place>& found)
{
    std::error_code ec;
    for (const auto& each : std::filesystem::directory_iterator{folder, ec}) {
        const std::string app = app_of(each.path());
        if (app.empty())
            continue;
        const auto pid = who_listens(each.path());
        if (pid) {
            found.push_back({.app = app, .socket = each.path(), .opened_by = *pid});
        } else if (pid.error().why().value() == EAGAIN) {
            // So many wait that the queue is full: whoever is asked for something waits for a
            // place.
            found.push_back({.app = app, .socket = each.path(), .opened_by = 0});
        } else if (pid.error().why().value() == ECONNREFUSED) {
            // Nobody will listen here again: a cohort that starts makes a file of its own.
            remove_stale(each.path());
            remove_stale(dashboard_beside(each.path()));
        }
    }
    if (ec)
        return std::unexpected(fault(error_code{ec.value(), boost::system::system_category()},
                                     "read", folder.string()));
    return {};
}

}  // namespace

result<std::vector<cohort_place>> find_cohorts(const viewpoint& from)
{
    std::vector<cohort_place> found;
    std::optional<fault> trouble;
    for (const auto& folder : folders(from)) {
        auto looked = check_folder(folder, from.user);
        if (looked)
            looked = look_into(folder, found);
        else if (looked.error().why().value() == ENOENT)
            continue;
        if (!looked)
            trouble = std::move(looked).error();
    }
    if (found.empty() && trouble)
        return std::unexpected(*std::move(trouble));
    std::ranges::sort(found, {}, [](const cohort_place& each) {
        return std::tie(each.app, each.socket.native());
    });
    return found;
}

result<answer> client::ask_once(const request& what, limits& within, hear_progress& hear)
{
    COHORT_TRY(const auto connection, connect_to(to_.socket));
    const line_ends ends{.socket = connection, .output = output_};
    COHORT_TRY(send_all(ends, encode(what), within.until));
    reader from{ends};
    for (;;) {
        COHORT_TRY(const auto line, from.line(within.until));
        COHORT_TRY(auto said, decode_word(line));
        within.answered_something = true;
        if (auto* const last = std::get_if<answer>(&said))
            return std::move(*last);
        if (hear)
            hear(std::get<progress>(said));
    }
}

result<answer> client::ask(const request& what, manner how, hear_progress hear)
{
    const steady_time began = now();
    limits within{.until = what.budget == 0ms ? steady_time::max() : began + what.budget + slack_};
    std::optional<steady_time> alone_since;  // nobody has listened
    backoff pause{5ms, 200ms};
    for (;;) {
        auto reply = ask_once(what, within, hear);
        if (reply)
            return reply;
        const fault& why = reply.error();
        const bool lost = why.why() == errc::channel_closed;
        const bool full = why.why().value() == EAGAIN && !lost;
        const bool alone = nobody_there(why);
        if (lost && how == manner::once)
            return reply;
        if (!lost && !full && !alone)
            return reply;
        if (!alone)
            alone_since.reset();
        else if (!alone_since)
            alone_since = now();
        // The file may be there again, or not: a primary that upgrades makes a new one.
        if (now() >= within.until || (alone && now() - *alone_since >= succession_within))
            return reply;
        ::poll(nullptr, 0, static_cast<int>(std::chrono::ceil<milliseconds>(pause.next()).count()));
    }
}

}  // namespace cohort::control
