// From a handshake to a conversation.
#include <cohort/async/scope.hpp>
#include <cohort/http/route.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/websocket/detail/conversation.hpp>
#include <cohort/http/websocket/handshake.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <memory>
#include <utility>

namespace cohort::http {

namespace {

using detail::conversation;
using detail::websocket_core;

/// What outlives the request. A resource that is moved.
struct settled {
    websocket_terms terms;
    std::shared_ptr<const websocket_options> options;
    conversation what;
};

/// All is made inside: a scope that stops drops coroutines that have not begun.
awaitable<> serve(taken_connection from, std::unique_ptr<settled> on)
{
    on->what.about.from = from.who;
    boost::asio::io_context& loop = from.place.loop();
    net::poller& poller = from.place.poller();
    websocket_core core{{std::move(from), loop, poller, on->terms, *on->options}, on->options};
    core.place().on_farewell([&core](farewell what) noexcept {
        if (what == farewell::drain)
            core.drain();
        else
            core.cut();
    });
    co_await detail::converse(core, on->what);
}

response begin(const request& of, std::shared_ptr<const websocket_talk> talk,
               std::shared_ptr<const websocket_options> options)
{
    auto terms = agree(of, *options);
    if (!terms)
        return std::move(terms).error();

    auto on = std::make_unique<settled>();
    on->terms = std::move(*terms);
    on->options = std::move(options);
    on->what.talk = std::move(talk);
    on->what.target = of.target();
    on->what.about.subprotocol = on->terms.subprotocol;
    if (of.route() != nullptr)
        on->what.observer = &of.route()->observer();

    const websocket_terms agreed = on->terms;
    response answer =
        switch_protocols("websocket", [on = std::move(on)](taken_connection from) mutable noexcept {
            scope& jobs = from.place.coroutines();
            jobs.spawn(serve(std::move(from), std::move(on)));
        });
    answer.header("Sec-WebSocket-Accept", agreed.accept);
    if (!agreed.subprotocol.empty())
        answer.header("Sec-WebSocket-Protocol", agreed.subprotocol);
    if (agreed.deflate)
        answer.header("Sec-WebSocket-Extensions", agreed.deflate->text);
    return answer;
}

}  // namespace

handler on_websocket(websocket_talk talk, websocket_options options)
{
    return handler{[talk = std::make_shared<const websocket_talk>(std::move(talk)),
                    options = std::make_shared<const websocket_options>(std::move(options))](
                       const request& of) { return begin(of, talk, options); }};
}

response upgrade(const request& of, websocket_talk talk, websocket_options options)
{
    return begin(of, std::make_shared<const websocket_talk>(std::move(talk)),
                 std::make_shared<const websocket_options>(std::move(options)));
}

}  // namespace cohort::http
