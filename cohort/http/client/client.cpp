#include <cohort/http/client/client.hpp>

#include <cohort/http/client/detail/call.hpp>

#include <boost/json/value.hpp>

#include <utility>

namespace cohort::http {

client_stream::client_stream(std::unique_ptr<detail::call_in_flight> call) noexcept
    : call_{std::move(call)}
{}
client_stream::client_stream(client_stream&&) noexcept = default;
client_stream& client_stream::operator=(client_stream&&) noexcept = default;
client_stream::~client_stream() = default;

const client_head& client_stream::head() const noexcept { return call_->head(); }

awaitable<result<std::string_view>> client_stream::read() { return call_->read(); }

client::client(client_options options)
    : state_{std::make_shared<detail::client_state>(std::move(options))}
{}

awaitable<result<client_response>> client::send(client_request what)
{
    auto answer = co_await detail::carry_out(state_, std::move(what), detail::wanted::whole);
    if (!answer)
        co_return std::unexpected(std::move(answer).error());
    co_return client_response{answer->call->head(), std::move(answer->body)};
}

awaitable<result<client_stream>> client::open(client_request what)
{
    auto answer = co_await detail::carry_out(state_, std::move(what), detail::wanted::head);
    if (!answer)
        co_return std::unexpected(std::move(answer).error());
    co_return client_stream{std::move(answer->call)};
}

// These are no coroutines: their references are used before they return.

awaitable<result<client_response>> client::get(std::string address)
{
    return send(client_request{method::get, std::move(address)});
}

awaitable<result<client_response>> client::get(std::string address, const request& of)
{
    client_request ask{method::get, std::move(address)};
    ask.on_behalf_of(of);
    return send(std::move(ask));
}

awaitable<result<client_response>> client::post_json(std::string address,
                                                     const boost::json::value& document)
{
    client_request ask{method::post, std::move(address)};
    ask.json(document);
    return send(std::move(ask));
}

awaitable<> client::close_idle()
{
    const auto pool = co_await detail::pool_here(state_);
    pool->close_idle();
}

const client_counters& client::counters() const noexcept { return *state_->counters; }

circuit_breaker::state client::circuit(std::string_view origin) const noexcept
{
    const auto found = state_->breakers.find(origin);
    return found == state_->breakers.end() ? circuit_breaker::state::closed : found->second->is();
}

}  // namespace cohort::http
