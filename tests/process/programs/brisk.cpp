// Has little patience with slow clients, and says which worker answered.
#include <cohort/cohort.hpp>
#include <cohort/http/server.hpp>

#include <string>
#include <utility>

#include <unistd.h>

using namespace cohort;

namespace {

http::response who(const http::request&) { return http::text(std::to_string(::getpid())); }

/// More than all buffers between us and a client that does not read.
task<> pour(http::body_writer& out)
{
    const std::string piece(65'536, 'x');
    for (int i = 0; i < 1000; ++i) {
        const auto sent = co_await out.write(piece);
        if (!sent)
            co_return;
    }
}

task<> serve_briskly(worker& self, const http::router& api)
{
    http::server_options how = self.http_options();
    how.patience.head = seconds{2};
    how.patience.body_grace = seconds{1};
    how.patience.send = seconds{2};
    http::server server{self.loop(), self.poller(), api, std::move(how)};
    self.look_after(server);
    listener at = co_await self.listen(self.settings().listen.front());
    at.serve([&server](unique_fd connection) noexcept {
        static_cast<void>(server.take(std::move(connection)));
    });
    co_await self.until_stopping();
    co_await self.until_drained();
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/who", who);
    api.post("/echo", [](const http::request& of) { return http::text(std::string{of.body()}); });
    api.get("/pour", [](const http::request&) { return http::stream("text/plain", pour); });
    if (!api.freeze())
        return 1;
    auto chosen = settings::from(argc, argv);
    cluster group{std::move(chosen)};
    return group.run([&](worker& self) { return serve_briskly(self, api); });
}
