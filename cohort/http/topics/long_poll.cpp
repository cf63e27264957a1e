#include <cohort/http/topics/long_poll.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/topics/topics.hpp>
#include <cohort/observe/json_text.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

/// What one request was answered.
struct bundle {
    std::vector<posted> messages;
    std::size_t bytes = 0;
    std::uint64_t next = 0;
    bool missed = false;
};

response answer(const bundle& what)
{
    topics& hub = topics::here();
    std::string text = "{\"messages\":[";
    for (const posted& each : what.messages) {
        if (text.back() == '}')
            text += ',';
        text += "{\"id\":\"";
        text += hub.position_of(each.id()).text();
        text += "\",\"topic\":";
        observe::append_json_string(text, each.topic());
        text += ",\"data\":";
        observe::append_json_string(text, each.text());
        text += '}';
    }
    text += "],\"next\":\"";
    text += hub.position_of(what.next).text();
    text += '"';
    if (what.missed)
        text += ",\"missed\":true";
    text += '}';
    return make_response(200, "application/json", std::move(text))
        .header("Cache-Control", "no-store");
}

response nothing(std::uint64_t next)
{
    return no_content()
        .header("Cache-Control", "no-store")
        .header("Last-Event-ID", topics::here().position_of(next).text());
}

/// Where to begin; nothing if the client does not say, or what it says is of another life.
std::optional<std::uint64_t> begin_of(const request& of, bundle& into)
{
    const auto said = of.query("since");
    if (!said)
        return std::nullopt;
    const auto where = position::parse(*said);
    if (!where)
        throw refusal{400}
            .detail("query parameter `since` must be a position, as `next` of an answer")
            .member("parameter", "since")
            .member("in", "query");
    const auto id = topics::here().id_of(*where);
    into.missed = !id;
    return id;
}

bool is_full(const bundle& what, const long_poll_options& how) noexcept
{
    return what.messages.size() >= how.messages_max || what.bytes >= how.bytes_max;
}

}  // namespace

awaitable<response> long_poll(const request& of, std::string topic, long_poll_options how)
{
    topics& hub = topics::here();
    bundle all;
    const auto since = begin_of(of, all);
    if (!since) {
        all.next = hub.last();
        co_return answer(all);
    }
    subscribe_options options;
    options.since = since;
    subscription from = hub.subscribe(std::move(topic), options);
    const steady_time until = now() + how.wait;
    while (!is_full(all, how)) {
        // Those behind the first one are read, too, but not waited for.
        const steady_time patience = all.messages.empty() ? until : steady_time{};
        auto heard = co_await from.next_until(patience);
        if (!heard || heard->what() == news::kind::quiet)
            break;
        if (heard->what() == news::kind::missed) {
            all.missed = true;
            continue;
        }
        all.bytes += heard->message().text().size();
        all.messages.push_back(std::move(heard->message()));
    }
    all.next = from.position();
    if (all.messages.empty() && !all.missed)
        co_return nothing(all.next);
    co_return answer(all);
}

}  // namespace cohort::http
