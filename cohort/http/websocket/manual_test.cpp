// The snippets of docs/manual/websocket.md, so that they compile.
#include <cohort/http/router.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/http/websocket/relay.hpp>
#include <cohort/http/websocket/websocket.hpp>

#include <doctest/doctest.h>

#include <string>

namespace http = cohort::http;

namespace {

cohort::task<> visit(http::websocket& socket, std::string room)
{
    const std::string topic = "manual/" + room;
    socket.spawn(http::relay(http::topics::here().subscribe(topic), socket));
    while (auto message = co_await socket.read())
        static_cast<void>(http::topics::here().publish(topic, message->bytes()));
}

}  // namespace

TEST_CASE("the routes of the manual's page on WebSockets can be registered")
{
    http::router api;
    api.get("/echo", http::on_websocket([](http::websocket& socket) -> cohort::task<> {
                while (auto message = co_await socket.read()) {
                    const auto sent = co_await socket.send(*message);
                    if (!sent)
                        co_return;  // the client left
                }
            }));
    api.get("/rooms/{room}", [](const http::request& request) {
        auto talk = [room = request.path<std::string>("room")](http::websocket& socket) {
            return visit(socket, room);
        };
        return http::upgrade(request, std::move(talk), {.message_bytes_max = 4'096});
    });
    CHECK(api.freeze());
}
