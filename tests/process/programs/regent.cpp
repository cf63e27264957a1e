// An HTTP API whose primary dies, again and again: its workers ask the primary who they are, and
// the primary says how often it began anew. Its topics and a counter are those of all workers.
#include <cohort/async/deadline.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/cohort.hpp>
#include <cohort/http/topics/events.hpp>
#include <cohort/http/topics/long_poll.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json.hpp>

#include <atomic>

#include <unistd.h>

namespace http = cohort::http;
namespace json = boost::json;

namespace {

/// What the primary says of its workers. Asked again if it dies over the question.
cohort::task<json::value> ask_primary(const char* what)
{
    constexpr int patience = 100;
    for (int i = 0;; ++i) {
        json::object words;
        words["what"] = what;
        auto question = cohort::message::json(std::move(words));
        try {
            auto answer = co_await cohort::current_worker()->request(std::move(question),
                                                                     std::chrono::seconds{5});
            co_return answer.json();
        } catch (const cohort::failure& failed) {
            if (i == patience)
                throw;
        }
        co_await cohort::sleep_for(std::chrono::milliseconds{10});
    }
}

cohort::task<http::response> workers(const http::request&)
{
    auto said = co_await ask_primary("workers");
    co_return http::json(std::move(said));
}

http::response who(const http::request&)
{
    const cohort::worker& self = *cohort::current_worker();
    return http::json(json::object{{"slot", self.slot()}, {"id", self.id()}, {"pid", ::getpid()}});
}

cohort::task<http::response> slow(http::request& of)
{
    const auto pause = std::chrono::milliseconds{of.path<int>("ms")};
    co_await cohort::sleep_for(pause);
    co_return who(of);
}

http::response publish(const http::request& of)
{
    const auto id =
        http::topics::here().publish(of.path<std::string>("topic"), of.query<std::string>("text"));
    if (!id)
        throw http::refusal{400}.detail(id.error().text());
    return http::json(json::object{{"pid", ::getpid()}, {"id", *id}});
}

http::response events_of(const http::request& of)
{
    return http::events(of, of.path<std::string>("topic"));
}

cohort::task<http::response> poll_of(const http::request& of)
{
    return http::long_poll(of, of.path<std::string>("topic"));
}

/// How often anybody has asked, in the life of the cohort.
http::response count(const http::request&)
{
    static cohort::board::common_area area{"regent/count", sizeof(std::atomic<std::uint64_t>)};
    const auto found = area.find();
    if (!found)
        throw http::refusal{503}.detail(found.error().text());
    auto& counter = cohort::board::area_as<std::atomic<std::uint64_t>>(*found);
    return http::json(json::object{{"pid", ::getpid()}, {"count", ++counter}});
}

http::response remember(const http::request& of)
{
    http::user_session mine = http::session_of(of);
    mine.regenerate();
    mine.set("user", of.path<std::string>("user"));
    return who(of);
}

http::response remembered(const http::request& of)
{
    const auto user = http::session_of(of).get("user");
    return http::json(json::object{{"user", user.value_or("")}, {"pid", ::getpid()}});
}

http::response forget(const http::request& of)
{
    http::session_of(of).destroy();
    return who(of);
}

/// What those who hold places wait for, and how many have begun.
struct held {
    std::atomic<std::uint64_t> begun;
    std::atomic<std::uint64_t> released;
};

held& holding()
{
    static cohort::board::common_area area{"regent/held", sizeof(held)};
    const auto found = area.find();
    if (!found)
        throw http::refusal{503}.detail(found.error().text());
    return cohort::board::area_as<held>(*found);
}

cohort::task<http::response> hold(const http::request& of)
{
    held& all = holding();
    ++all.begun;
    while (all.released == 0)
        co_await cohort::sleep_for(std::chrono::milliseconds{1});
    co_return http::json(json::object{{"pid", ::getpid()}, {"attempt", of.attempt()}});
}

http::response release(const http::request&)
{
    holding().released = 1;
    return http::no_content();
}

http::response begun(const http::request&)
{
    return http::json(json::object{{"begun", holding().begun.load()}});
}

json::object describe(const cohort::cluster& group, int recovered)
{
    json::array all;
    for (const cohort::worker_info& each : group.workers()) {
        json::object one;
        one["id"] = each.id;
        one["slot"] = each.slot;
        one["pid"] = each.pid;
        one["state"] = cohort::primary::name(each.state);
        one["connected"] = each.connected;
        all.push_back(std::move(one));
    }
    json::object words;
    words["primary"] = ::getpid();
    words["recovered"] = recovered;
    words["workers"] = std::move(all);
    return words;
}

cohort::task<> say_started()
{
    cohort::log::info("primary {} started", ::getpid());
    co_return;
}

cohort::task<> say_recovered(int& recovered)
{
    ++recovered;
    cohort::log::info("primary {} recovered", ::getpid());
    co_return;
}

cohort::task<cohort::message> answer(const cohort::cluster& group, int recovered)
{
    co_return cohort::message::json(describe(group, recovered));
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/who", who);
    api.get("/slow/{ms}", slow);
    api.get("/workers", workers);
    api.get("/publish/{topic...}", publish);
    api.get("/events/{topic...}", events_of);
    api.get("/poll/{topic...}", poll_of);
    api.get("/count", count);
    api.group("/limited")
        .use(http::rate_limit({.name = "regent",
                               .limit = 20,
                               .window = std::chrono::hours{1},
                               .kind = http::limit_kind::fixed_window}))
        .get("/", who);
    api.group("/few")
        .use(http::concurrency_limit({.name = "regent", .limit = 2}))
        .get("/", hold)
        .post("/", hold);
    api.get("/begun", begun);
    api.get("/release", release);

    auto known = api.group("/session");
    known.use(http::sessions(http::shared_sessions::make(),
                             {.cookie = "session", .also_without_encryption = true}));
    known.get("/login/{user}", remember);
    known.get("/me", remembered);
    known.get("/logout", forget);

    cohort::serve_options more;
    more.server = [](http::server_options& how) { how.limits.request_line_bytes_max = 4000; };
    int recovered = 0;
    more.setup = [&](cohort::cluster& group) {
        group.on_start([](cohort::cluster&) { return say_started(); });
        group.on_recovered([&](cohort::cluster&) { return say_recovered(recovered); });
        group.on_request(
            [&](cohort::worker_info, cohort::message) { return answer(group, recovered); });
    };
    return cohort::serve(argc, argv, api, std::move(more));
}
