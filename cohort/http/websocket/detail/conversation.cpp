#include <cohort/http/websocket/detail/conversation.hpp>

#include <cohort/async/stop.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/websocket/counters.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace cohort::http::detail {

namespace {

awaitable<> run_talk(const websocket_talk& talk, websocket& socket)
{
    awaitable<> said = talk(socket);
    co_await quietly(std::move(said));
}

/// The request is gone since its 101; what the observer wants to know of it is not.
void report(const conversation& what, const std::exception_ptr& thrown)
{
    const std::string bytes = "GET " + what.target + " HTTP/1.1\r\nHost: -\r\n\r\n";
    const limits bounds;
    head_parser parser{bounds};
    auto top = std::make_unique<head>();
    if (parser.parse(bytes, *top) != parse_status::done)
        return;
    peer_lookup from{what.about.from};
    const request of{{.top = head_view{*top, bytes.data()}, .from = &from}};
    static const error_observer silent;
    static_cast<void>(guarded(of, what.observer != nullptr ? *what.observer : silent,
                              [&]() -> response { std::rethrow_exception(thrown); }));
}

}  // namespace

awaitable<> converse(websocket_core& core, const conversation& what)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    websocket socket{core, what.about};
    if (stopped(stop)) {
        // Too late to begin: it was told to stop before it ran for the first time.
        core.cut();
        while (!core.gone())
            co_await core.wait_until_gone();
        co_return;
    }
    core.begin();
    auto [thrown] = co_await asio::co_spawn(executor, run_talk(*what.talk, socket), use_tuple);
    const std::exception_ptr beside = co_await core.join();
    if (!thrown)
        thrown = beside;
    if (stopped(stop)) {
        // What a handler throws that is told to stop is no news.
        core.cut();
    } else if (thrown) {
        ++websocket_counters::here().handlers_failed;
        report(what, thrown);
        core.begin_close(close_code::internal_error, {});
    } else {
        core.begin_close(core.draining() ? close_code::service_restart : close_code::normal, {});
    }
    while (!core.gone()) {
        co_await core.wait_until_gone();
        if (stopped(stop))
            core.cut();
    }
}

}  // namespace cohort::http::detail
