#include <cohort/control/hatch.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/async/stop.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace cohort::control {

namespace {

constexpr std::uint32_t text_bytes_max = 512;
/// Descriptors that wait for somebody to take them are the primary's.
constexpr std::size_t untaken_bytes_max = 2048;

ipc::channel_limits limits()
{
    constexpr std::uint16_t cargo_most = 2;  // of one answer
    ipc::channel_limits all;
    all.frame.body_bytes_max = text_bytes_max;
    all.frame.cargo_max = cargo_most;
    all.queue_bytes_max = untaken_bytes_max;
    return all;
}

fault gone() { return fault(make_error_code(errc::channel_closed), "ask the primary"); }

result<std::vector<unique_fd>> read_answer(ipc::envelope&& from)
{
    if (from.cargo_lost != 0) {
        errno = EMFILE;
        return failed("take what the primary gave");
    }
    if (from.is(ipc::flags::refusal))
        return failed(errc::answer_failed, "ask the primary", std::move(from.body));
    if (from.cargo.empty())
        return failed(errc::malformed, "take what the primary gave");
    return std::move(from.cargo);
}

}  // namespace

std::string text_of(const wish& what)
{
    return fmt::format("{} {}", what.slot ? std::to_string(*what.slot) : "-", what.pid);
}

result<wish> parse_wish(std::uint16_t kind, std::string_view text)
{
    const auto wrong = [] { return failed(errc::malformed, "read what is asked for"); };
    if (kind < std::to_underlying(goods::conversation) || kind > std::to_underlying(goods::own_log))
        return wrong();
    if (std::ranges::count(text, ' ') != 1)
        return wrong();
    std::array<std::string_view, 2> words;
    for (std::string_view& each : words) {
        const std::size_t end = std::min(text.find(' '), text.size());
        each = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    wish asked{.what = static_cast<goods>(kind)};
    if (words[0] != "-") {
        asked.slot = parse_integer<std::uint32_t>(words[0]);
        if (!asked.slot)
            return wrong();
    }
    const auto pid = parse_integer<std::uint32_t>(words[1]);
    if (!pid)
        return wrong();
    asked.pid = *pid;
    return asked;
}

result<std::unique_ptr<hatch>> hatch::open(asio::any_io_executor executor, unique_fd end,
                                           larder& from)
{
    COHORT_TRY(auto over, ipc::channel::open(std::move(executor), std::move(end), limits()));
    std::unique_ptr<hatch> made{new hatch{std::move(over), from}};
    made->channel_.start([us = made.get()](ipc::envelope&& asked) noexcept { us->give(asked); },
                         [](std::optional<fault>) noexcept {});
    return made;
}

void hatch::give(const ipc::envelope& asked)
{
    ipc::envelope answer = ipc::answer_to(asked);
    const auto what = parse_wish(asked.kind, asked.body);
    auto got = what ? from_.fetch(*what, who_) : std::unexpected(what.error());
    if (got) {
        answer.cargo = *std::move(got);
    } else {
        answer.flags |= ipc::flags::refusal;
        answer.body = got.error().text().substr(0, text_bytes_max);
    }
    // Whoever takes nothing gets nothing more.
    static_cast<void>(channel_.try_send(answer));
}

struct guest::waiting {
    explicit waiting(const asio::any_io_executor& executor)
        : settled{executor}
    {}
    wakeup settled;
    std::optional<result<std::vector<unique_fd>>> outcome;
};

result<> guest::open(unique_fd end)
{
    COHORT_TRY(auto over, ipc::channel::open(executor_, std::move(end), limits()));
    channel_.emplace(std::move(over));
    channel_->start([this](ipc::envelope&& answer) noexcept { settle(std::move(answer)); },
                    [this](std::optional<fault>) noexcept { end_all(); });
    return {};
}

void guest::settle(ipc::envelope&& answer)
{
    const auto found = asked_.find(answer.correlation);
    if (found == asked_.end())
        return;
    found->second->outcome.emplace(read_answer(std::move(answer)));
    found->second->settled.notify_all();
}

void guest::end_all()
{
    for (const auto& [number, each] : asked_) {
        if (!each->outcome)
            each->outcome.emplace(std::unexpected(gone()));
        each->settled.notify_all();
    }
}

void guest::close()
{
    if (channel_)
        channel_->close();
    end_all();
}

awaitable<result<std::vector<unique_fd>>> guest::wait_for(waiting_ptr mine)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!mine->outcome) {
        if (stopped(stop))
            co_return failed(errc::cancelled, "ask the primary");
        co_await mine->settled.wait();
    }
    co_return *std::move(mine->outcome);
}

awaitable<result<std::vector<unique_fd>>> guest::ask(wish what)
{
    if (!channel_ || !channel_->is_open())
        co_return std::unexpected(gone());
    ipc::envelope question{std::to_underlying(what.what), text_of(what)};
    question.flags = ipc::flags::request;
    question.correlation = next_++;
    const std::uint64_t number = question.correlation;
    if (const auto sent = channel_->try_send(question); !sent)
        co_return std::unexpected(sent.error());
    auto mine = std::make_shared<waiting>(executor_);
    asked_.emplace(number, mine);
    auto waits = wait_for(mine);
    auto outcome = co_await with_deadline(std::move(waits), patience);
    asked_.erase(number);
    co_return outcome;
}

awaitable<result<unique_fd>> guest::ask_one(wish what)
{
    auto asking = ask(what);
    auto got = co_await std::move(asking);
    if (!got)
        co_return std::unexpected(std::move(got).error());
    co_return std::move(got->front());
}

}  // namespace cohort::control
