// A chat with rooms. What is said in one reaches everybody in it, whichever worker has their
// sockets: a room is a topic.
#include "page.hpp"

#include <cohort/cohort.hpp>

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <unistd.h>

namespace http = cohort::http;
namespace json = boost::json;

// One visit of one person. The page shows the worker, to prove the point.
cohort::task<> visit(http::websocket& socket, std::string room, std::string name)
{
    http::topics& hub = http::topics::here();
    const std::string topic = "chat/" + room;
    const auto tell = [&](std::string_view kind, std::string_view text) {
        const json::object message{
            {"kind", kind}, {"from", name}, {"text", text}, {"worker", ::getpid()}};
        // Nobody to tell it to is no mistake, nor is a hub that is busy for a moment.
        static_cast<void>(hub.publish(topic, json::serialize(message)));
    };

    socket.spawn(http::relay(hub.subscribe(topic), socket));
    const json::object welcome{{"kind", "welcome"}, {"worker", ::getpid()}};
    const std::string greeting = json::serialize(welcome);
    const auto greeted = co_await socket.send(greeting);
    if (!greeted)
        co_return;

    tell("joined", "");
    while (auto message = co_await socket.read()) {
        if (!message->is_text() || message->size() > 4'000) {
            socket.close(http::close_code::policy, "short texts, please");
            break;
        }
        tell("said", message->bytes());
    }
    tell("left", "");
}

http::response enter(const http::request& request)
{
    auto room = request.path<std::string>("room");
    auto name = request.query_or<std::string>("name", "somebody");
    if (room.size() > 64 || name.size() > 64)
        throw http::refusal{400}.detail("rooms and names have 64 bytes at most");
    if (room.find('*') != std::string::npos)  // "chat/*" would be all rooms
        throw http::refusal{400}.detail("rooms are called without stars");
    auto talk = [room = std::move(room), name = std::move(name)](http::websocket& socket) {
        return visit(socket, room, name);
    };
    return http::upgrade(request, std::move(talk), {.message_bytes_max = 4'096});
}

int main(int argc, char** argv)
{
    http::router api;
    // Browsers would ask for the script over https, which a server without TLS has not got.
    api.use(http::helmet({.content_security_policy = http::content_policy::helmet8().remove(
                              "upgrade-insecure-requests")}));

    api.get("/", [](const http::request&) { return http::html(std::string{page}); });
    api.get("/chat.js", [](const http::request&) {
        return http::bytes("text/javascript; charset=utf-8", std::string{script});
    });
    api.get("/chat.css", [](const http::request&) {
        return http::bytes("text/css; charset=utf-8", std::string{style});
    });
    api.get("/rooms/{room}", enter);

    return cohort::serve(argc, argv, api);
}
