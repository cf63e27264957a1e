#pragma once
// What the scenarios of several programs share.

#include <cohort/app.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scenario {

using namespace cohort;
using namespace std::chrono_literals;
namespace json = boost::json;

inline constexpr nanoseconds patience = 60s;

inline void expect(bool fine, const char* what, int line)
{
    if (!fine)
        throw std::runtime_error{fmt::format("line {}: {}", line, what)};
}
#define EXPECT(claim) expect((claim), #claim, __LINE__)

inline message text(std::string_view words)
{
    return message::json(json::value(json::string(words)));
}

inline std::string words_of(const message& of)
{
    return of.json().is_string() ? std::string{of.json().as_string()} : std::string{};
}

/// Answers what it is asked; the other half of most scenarios.
inline task<> helper(worker& self)
{
    self.on_message([&self](std::uint32_t from, message& what) {
        if (words_of(what) == "echo")
            self.spawn(self.send_to(from, text("echoed")));
    });
    self.on_request([&self](std::uint32_t from, message what) -> task<message> {
        const std::string asked = words_of(what);
        if (asked == "throw")
            throw std::runtime_error{"will not say"};
        if (asked == "die")
            ::raise(SIGKILL);
        if (asked == "never")
            co_await self.until_stopping();
        if (asked == "leave")
            self.disconnect();
        if (asked.starts_with("ask ")) {
            const auto id = parse_integer<std::uint32_t>(asked.substr(4)).value_or(0);
            message question = text("who");
            co_return co_await self.request_of(id, std::move(question), patience);
        }
        if (asked.starts_with("tell ")) {
            const auto id = parse_integer<std::uint32_t>(asked.substr(5)).value_or(0);
            message words = text("told");
            const auto sent = co_await self.try_send_to(id, std::move(words));
            co_return text(sent ? "sent" : sent.error().text());
        }
        if (asked == "who")
            co_return text(fmt::format("worker {} asked by {}", self.id(), from));
        co_return std::move(what);
    });
    co_await self.until_stopping();
}

inline settings by_hand()
{
    settings s;
    s.name = "raw";
    s.supervision = supervision::by_hand;
    s.stop.timeout = 2s;
    return s;
}

/// Runs `act` in the primary with `count` helpers.
template <class F>
int with_helpers(unsigned count, F act)
{
    cluster group{by_hand()};
    group.on_start([act, count](cluster& c) -> task<> {
        std::vector<std::uint32_t> ids;
        for (unsigned i = 0; i < count; ++i) {
            auto born = c.fork();
            EXPECT(born.has_value());
            ids.push_back(born->id);
        }
        co_await act(c, ids);
        const drain_report report = co_await c.disconnect(5s);
        EXPECT(report.forced.empty());
        log::info("ok");
    });
    return group.run(helper);
}

using ids = const std::vector<std::uint32_t>&;

/// Runs the scenario named by the first argument.
inline int run(int argc, char** argv, const std::map<std::string, std::function<int()>>& all)
{
    const auto at = all.find(argc > 1 ? argv[1] : "");
    return at == all.end() ? 99 : at->second();
}

}  // namespace scenario
