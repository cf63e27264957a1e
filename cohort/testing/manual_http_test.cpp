// The snippets of docs/manual/http.md and what belongs to it, so that they compile. What they are
// about is tested where it is made. What would serve is not called.
#include <cohort/cohort.hpp>
#include <cohort/http.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/takeover.hpp>
#include <cohort/http/tls/facts.hpp>
#include <cohort/testing.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace http = cohort::http;
using namespace std::chrono_literals;

namespace {

struct user_store {
    static cohort::task<boost::json::value> find(int id) { co_return boost::json::value(id); }
    static cohort::task<std::optional<std::string>> find(std::optional<std::string_view> cookie)
    {
        co_return std::string{cookie.value_or("")};
    }
};
user_store users;
user_store sessions;

struct payment {
    std::string to;
    std::int64_t cents = 0;
};
[[maybe_unused]] payment tag_invoke(boost::json::value_to_tag<payment>, const boost::json::value& v)
{
    return {.to = boost::json::value_to<std::string>(v.at("to")),
            .cents = v.at("cents").to_number<std::int64_t>()};
}

http::response list_users(const http::request&) { return http::text("ada\n"); }

http::router make_admin_router()
{
    http::router admin;
    admin.get("/", [](const http::request&) { return http::text("admin"); });
    return admin;
}

cohort::task<void> echo(http::taken_connection) { co_return; }

http::response accepted(const boost::json::value& user)
{
    return http::json(user).status(202).header("Cache-Control", "no-store");
}

int list_routes(int argc, char** argv, http::router& api)
{
    if (argc == 2 && std::string_view{argv[1]} == "routes" && api.freeze()) {
        fmt::print("{}", http::route_listing(api));
        return 0;
    }
    return 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-result"  // they are a list
[[maybe_unused]] void ask(const http::request& request)
{
    request.method();                 // http::method::get
    request.path<int>("id");          // 400 names the parameter and what was expected
    request.path<int>("n", 0, 90);    // the same with a range
    request.query("q");               // optional<string_view>, decoded
    request.query<unsigned>("page");  // 400 if it is absent or no unsigned
    request.query_or<unsigned>("page", 1);
    request.query_all("tag");         // repeated parameters
    request.query_fields();           // all of them, names and values
    request.header("Accept");         // names without case; headers("…") for all
    request.body();                   // string_view
    request.json();                   // boost::json::value, see below
    http::json_as<payment>(request);  // by boost::json::value_to; 422 if it does not fit
    request.peer().address();
    request.attempt();  // 2 and more: a worker died on this request
}
#pragma GCC diagnostic pop

void add_streams(http::router& api)
{
    api.get("/numbers", [](const http::request&) {
        return http::stream("text/plain", [](http::body_writer& out) -> cohort::task<> {
            for (int i = 0; i < 1'000'000; ++i) {
                const std::string line = fmt::format("{}\n", i);
                auto sent = co_await out.write(line);  // waits while the client is slower
                if (!sent)
                    co_return;  // the client left
            }
        });
    });

    api.post("/upload",
             [](const http::request& request) -> cohort::task<http::response> {
                 std::size_t bytes = 0;
                 for (;;) {
                     auto piece = co_await request.stream().read();
                     if (!piece)
                         throw http::refusal{400}.detail(piece.error().text());
                     if (piece->empty())
                         break;
                     bytes += piece->size();
                 }
                 co_return http::text(std::to_string(bytes));
             },
             {.body = http::body_use::streamed, .body_max = 1 << 30});
}

[[maybe_unused]] int serve_tls(int argc, char** argv, http::router& api)
{
    cohort::serve_options options;
    options.tls.emplace();
    options.tls->certificates.push_back({"/etc/api/fullchain.pem", "/etc/api/privkey.pem"});
    return cohort::serve(argc, argv, api, std::move(options));
}

[[maybe_unused]] int serve_counts(int argc, char** argv, http::router& api)
{
    const http::server* counted = nullptr;  // of this worker
    cohort::serve_options options;
    options.on_serving = [&](cohort::worker&, const cohort::serving& here) {
        counted = &here.server;
    };

    api.get("/counts", [&](const http::request&) {
        boost::json::object counts{{"connections", counted->connections()},
                                   {"handshakes_failed", counted->handshakes().failed},
                                   {"made_room", counted->made_room()},
                                   {"bodies_bytes", counted->bodies().bytes()}};
        for (const http::refusal_count& each : counted->refusals())
            counts[each.rule] = each.times;  // "http.client.connections", "http.timeout.head", …
        return http::json(std::move(counts));
    });
    return cohort::serve(argc, argv, api, std::move(options));
}

[[maybe_unused]] void choose_http2()
{
    cohort::serve_options options;
    options.http2->streams_max = 20;
    options.http2 = std::nullopt;  // HTTP/1.1 only
}

[[maybe_unused]] void serve_http2(boost::asio::io_context& loop, cohort::net::poller& poller,
                                  const http::router& api, http::server_options options)
{
    options.on_http2 = http::h2::speaks(loop);
    http::server server{loop, poller, api, std::move(options)};
}

[[maybe_unused]] void serve_and_count_http2(boost::asio::io_context& loop,
                                            http::server_options options)
{
    http::h2::service two{loop};
    options.on_http2 = [&two](http::taken_connection c) noexcept { two.take(std::move(c)); };
}

}  // namespace

TEST_CASE("the manual's routes, middleware and streams are taken")
{
    http::router api;

    api.get("/hello", [](const http::request&) { return http::text("Hello, world"); });

    api.get("/users/{id}", [&](const http::request& request) -> cohort::task<http::response> {
        const int id = request.path<int>("id");
        auto user = co_await users.find(id);
        co_return http::json(user);
    });

    auto v1 = api.group("/v1");
    v1.use(http::request_ids());
    v1.get("/users", list_users);  // GET /v1/users
    api.mount("/admin", make_admin_router());

    add_streams(api);

    api.get("/echo", [](const http::request&) {
        return http::switch_protocols("echo", [](http::taken_connection c) noexcept {
            cohort::scope& jobs = c.place.coroutines();
            jobs.spawn(echo(std::move(c)));
        });
    });

    api.get("/me", [](const http::request& r) {
        const auto* secured = r.attached<http::tls::secured>();  // null: a plain endpoint
        if (secured == nullptr || !(*secured)->client)
            throw http::refusal{401};
        return http::text((*secured)->client->subject);  // "CN=ada,O=Example"
    });

    api.get("/ready",
            [](const http::request&) {
                return cohort::current_worker()->stopping() ? http::text("stopping\n", 503)
                                                            : http::text("ok\n");
            },
            {.notes = {http::any_host_too{}, http::plain_http_too{}}});

    cohort::testing::test_app app{api};
    CHECK(app.get("/hello").body() == "Hello, world");
    CHECK(app.get("/users/7").body() == "7");
    CHECK(app.get("/v1/users").body() == "ada\n");
    CHECK(app.get("/admin/").body() == "admin");
    CHECK(app.get("/me").status() == 401);
    CHECK(app.post("/upload", {{"a", 1}}).body() == "7");
}

TEST_CASE("the manual's middleware stands around handlers")
{
    http::router api;
    // Hooks: cheap, plain handlers stay plain.
    api.use(http::hooks{
        .name = "guard",
        .before = [](http::request& request) -> std::optional<http::response> {
            if (!request.header("Authorization"))
                return http::problem(401);
            return std::nullopt;  // go on
        },
        .after = [](const http::request&,
                    http::response& answer) { answer.header("Cache-Control", "no-store"); }});

    // An onion: a coroutine around everything further in. All routes below it run as coroutines.
    api.use([&](http::request& request, http::next go) -> cohort::task<http::response> {
        request.attach(co_await sessions.find(request.header("Cookie")));
        auto answer = co_await go(request);
        co_return answer;
    });

    api.get("/", [](const http::request& of) {
        return http::text(of.attached<std::optional<std::string>>()->value_or("nobody"));
    });
    cohort::testing::test_app app{api};
    CHECK(app.get("/").status() == 401);
}

TEST_CASE("what the manual says about tests is true")
{
    http::router api;
    api.post("/payments",
             [](const http::request& request) { return accepted(request.json()).status(201); });
    api.get("/fibonacci/{n}",
            [](const http::request& request) { return http::json(request.path<int>("n", 0, 90)); });
    CHECK(list_routes(1, nullptr, api) == 1);

    cohort::testing::test_app app{api};

    const auto answer = app.post("/payments", {{"to", "Ada"}, {"cents", 500}});
    CHECK(answer.status() == 201);
    CHECK(answer.json().at("to") == "Ada");
    CHECK(app.get("/fibonacci/91").json().at("parameter") == "n");
}
