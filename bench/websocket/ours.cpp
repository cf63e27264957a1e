// Usage: websocket_ours --listen 127.0.0.1:PORT --workers 1. /echo sends back what comes; /room
// sends what one says to all who are there, by try_send; /topic does the same through a topic.
#include <cohort/cohort.hpp>

#include <set>

namespace http = cohort::http;

namespace {

cohort::task<> echo(http::websocket& socket)
{
    while (auto message = co_await socket.read()) {
        const auto sent = co_await socket.send(*message);
        if (!sent)
            co_return;
    }
}

cohort::task<> stay(http::websocket& socket)
{
    static std::set<http::websocket*> room;  // of this worker
    room.insert(&socket);
    while (auto message = co_await socket.read()) {
        for (http::websocket* const each : room)
            each->try_send(*message);
    }
    room.erase(&socket);
}

cohort::task<> attend(http::websocket& socket)
{
    http::topics& hub = http::topics::here();
    socket.spawn(http::relay(hub.subscribe("bench"), socket));
    while (auto message = co_await socket.read())
        static_cast<void>(hub.publish("bench", message->bytes()));
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/healthz", [](const http::request&) { return http::text("ok"); });
    api.get("/echo", http::on_websocket(echo));
    api.get("/room", http::on_websocket(stay));
    api.get("/topic", http::on_websocket(attend));
    return cohort::serve(argc, argv, api);
}
