#include <cohort/dashboard/inquiry.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace cohort::dashboard {

using namespace std::chrono_literals;

namespace {

using stream = asio::local::stream_protocol;

constexpr nanoseconds slack = 2s;  // over the budget: the primary says itself that it is used up
constexpr nanoseconds longest = 24h;

fault lost(error_code why)
{
    if (why == asio::error::eof || why.value() == EPIPE || why.value() == ECONNRESET)
        return fault(make_error_code(errc::channel_closed), "hear the primary's answer");
    return fault(why, "ask the primary");
}

awaitable<result<control::answer>> converse(control::guest& through, std::string line,
                                            inquiry::hear_progress& hear)
{
    const auto executor = co_await asio::this_coro::executor;
    auto connecting = through.ask_one({.what = control::goods::conversation});
    COHORT_CO_TRY(unique_fd connection, co_await std::move(connecting));
    stream::socket socket{executor};
    error_code refused;
    socket.assign(stream{}, connection.borrow(), refused);
    if (refused)
        co_return std::unexpected(fault(refused, "ask the primary"));
    static_cast<void>(connection.release());
    const auto [sent, written] = co_await asio::async_write(socket, asio::buffer(line), use_tuple);
    if (sent)
        co_return std::unexpected(lost(sent));
    std::string held;
    for (;;) {
        auto into = asio::dynamic_buffer(held, control::word_bytes_max);
        const auto [ec, size] = co_await asio::async_read_until(socket, into, '\n', use_tuple);
        if (ec)
            co_return std::unexpected(lost(ec));
        auto said = control::decode_word(std::string_view{held}.substr(0, size - 1));
        if (!said)
            co_return std::unexpected(std::move(said).error());
        if (auto* const last = std::get_if<control::answer>(&*said))
            co_return std::move(*last);
        if (hear)
            hear(std::move(std::get<control::progress>(*said)));
        held.erase(0, size);
    }
}

}  // namespace

awaitable<result<control::answer>> inquiry::ask(control::request what, hear_progress hear) const
{
    const nanoseconds within = what.budget == 0ms ? longest : what.budget + slack;
    auto work = converse(through_, control::encode(what), hear);
    co_return co_await with_deadline(std::move(work), within);
}

}  // namespace cohort::dashboard
