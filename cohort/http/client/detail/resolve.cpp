#include <cohort/http/client/detail/resolve.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace cohort::http::detail {

namespace {

using asio::ip::tcp;

/// One question; the system's answer may come when nobody waits any more.
struct question {
    question(const asio::any_io_executor& loop, nanoseconds budget)
        : resolver{loop}, waiting{loop, budget}
    {}
    tcp::resolver resolver;
    asio::steady_timer waiting;
    bool answered = false;
    error_code why;
    endpoints found;
};

void ask(const std::shared_ptr<question>& about, const std::string& host, std::uint16_t port)
{
    about->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [about](const error_code& why, const tcp::resolver::results_type& all) {
            about->answered = true;
            about->why = why;
            for (const auto& each : all)
                about->found.push_back(each.endpoint());
            about->waiting.cancel();
        });
}

}  // namespace

awaitable<result<endpoints>> resolve(asio::any_io_executor loop, std::string host,
                                     std::uint16_t port, nanoseconds budget)
{
    error_code no_address;
    const auto address = asio::ip::make_address(host, no_address);
    if (!no_address)
        co_return endpoints(1, tcp::endpoint(address, port));

    const auto about = std::make_shared<question>(loop, budget);
    ask(about, host, port);
    const auto [ended] = co_await about->waiting.async_wait(use_tuple);
    if (!about->answered) {
        about->resolver.cancel();
        const errc why = ended ? errc::cancelled : errc::deadline_passed;
        co_return failed(why, "resolve", host);
    }
    if (about->why)
        co_return std::unexpected(fault(about->why, "resolve", host));
    co_return std::move(about->found);
}

}  // namespace cohort::http::detail
