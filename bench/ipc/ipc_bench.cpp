// Two processes talk over one channel; the parent measures. One line of JSON on standard output.
//
//     ipc_bench one_way|round_trip json|binary <bytes> <window> <count>
//
// A message is {"id": n, "text": "…"} (json), or that many bytes (binary), encoded and decoded
// each time as a program would. node.js does the same with process.send.
#include <cohort/async/scope.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/process/clone.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace cohort;

namespace {

enum kind : std::uint16_t { payload = 1, echo = 2, report = 3 };

struct plan {
    std::string mode;
    std::string format;
    std::uint64_t bytes = 0;
    std::uint64_t window = 0;
    std::uint64_t count = 0;
};

std::int64_t cpu_us()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto micros = [](const timeval& t) {
        return std::int64_t{t.tv_sec} * 1'000'000 + std::int64_t{t.tv_usec};
    };
    return micros(used.ru_utime) + micros(used.ru_stime);
}

message make_message(const plan& how, std::uint64_t id, const std::string& text)
{
    if (how.format == "binary")
        return message::binary(text);
    boost::json::object body;
    body["id"] = id;
    body["text"] = text;
    return message::json(std::move(body));
}

ipc::envelope seal(message what, kind as)
{
    auto sealed = message::encode(what, as);
    COHORT_ASSERT(sealed);
    return *std::move(sealed);
}

ipc::channel open_end(asio::io_context& loop, unique_fd socket)
{
    auto opened = ipc::channel::open(loop.get_executor(), std::move(socket));
    COHORT_ASSERT(opened);
    return *std::move(opened);
}

/// Takes messages, answers those that ask for it, and reports at the end.
void run_child(unique_fd socket)
{
    asio::io_context loop{1};
    ipc::channel parent = open_end(loop, std::move(socket));
    std::uint64_t received = 0;
    std::int64_t cpu_before = cpu_us();
    parent.start(
        [&](ipc::envelope&& what) noexcept {
            const auto as = static_cast<kind>(what.kind);
            auto came = message::decode(std::move(what));
            COHORT_ASSERT(came);
            if (as == payload) {
                ++received;
                return;
            }
            auto reply = *std::move(came);
            if (as == report) {
                boost::json::object told;
                told["received"] = std::exchange(received, 0);
                told["cpu_us"] = cpu_us() - std::exchange(cpu_before, cpu_us());
                reply = message::json(std::move(told));
            }
            auto sealed = seal(std::move(reply), as);
            COHORT_ASSERT(parent.try_send(sealed));
        },
        [&](std::optional<fault>) noexcept { loop.stop(); });
    loop.run();
}

class measurement {
public:
    measurement(const plan& how, asio::io_context& loop, ipc::channel& child)
        : how_{how},
          loop_{loop},
          child_{child},
          sending_{loop.get_executor()},
          text_(how.bytes, 'x')
    {
        child_.start([this](ipc::envelope&& what) noexcept { on(std::move(what)); },
                     [](std::optional<fault>) noexcept { COHORT_ASSERT(!"the child left"); });
    }

    /// Seconds for `count` messages; CPU of both processes in `cpu_used_us`.
    double run(std::uint64_t count)
    {
        want_ = count;
        sent_ = 0;
        answered_ = 0;
        const auto cpu_before = cpu_us();
        const auto begin = now();
        if (how_.mode == "one_way") {
            sending_.spawn(pour(*this));
        } else {
            while (sent_ < std::min(how_.window, want_))
                send_echo();
        }
        loop_.restart();
        loop_.run();
        const std::chrono::duration<double> took = end_ - begin;
        cpu_used_us = cpu_us() - cpu_before + child_cpu_us_;
        return took.count();
    }

    std::int64_t cpu_used_us = 0;

private:
    static awaitable<> pour(measurement& self)
    {
        while (self.sent_ < self.want_) {
            auto what = seal(make_message(self.how_, self.sent_, self.text_), payload);
            const auto queued = self.child_.try_send(what);
            if (!queued) {
                auto sent = co_await self.child_.send(std::move(what));
                COHORT_ASSERT(sent);
            }
            ++self.sent_;
        }
        auto last = seal(message{}, report);
        auto sent = co_await self.child_.send(std::move(last));
        COHORT_ASSERT(sent);
    }

    void send_echo()
    {
        auto what = seal(make_message(how_, sent_++, text_), echo);
        COHORT_ASSERT(child_.try_send(what));
    }

    void on(ipc::envelope&& what)
    {
        const auto as = static_cast<kind>(what.kind);
        const auto came = message::decode(std::move(what));
        COHORT_ASSERT(came);
        if (as == report) {
            if (how_.mode == "one_way")
                end_ = now();
            child_cpu_us_ = came->json().at("cpu_us").to_number<std::int64_t>();
            loop_.stop();
            return;
        }
        if (++answered_ == want_) {
            end_ = now();
            auto last = seal(message{}, report);
            COHORT_ASSERT(child_.try_send(last));
        } else if (sent_ < want_) {
            send_echo();
        }
    }

    const plan& how_;
    asio::io_context& loop_;
    ipc::channel& child_;
    scope sending_;
    std::string text_;
    std::uint64_t want_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    std::int64_t child_cpu_us_ = 0;
    steady_time end_;
};

int run_parent(const plan& how)
{
    auto pair = ipc::channel::make_pair();
    auto permit = process::fork_permit::ask();
    if (!pair || !permit)
        return 1;
    process::birth birth;
    birth.title = "ipc_bench: child";
    birth.keep = {pair->second.borrow()};
    auto child =
        process::clone(*std::move(permit), birth,
                       [end = pair->second.borrow()]() noexcept { run_child(unique_fd{end}); });
    if (!child) {
        fmt::print(stderr, "{}\n", child.error().text());
        return 1;
    }
    pair->second.reset();

    asio::io_context loop{1};
    ipc::channel channel = open_end(loop, std::move(pair->first));
    measurement measured{how, loop, channel};
    measured.run(how.count / 5);  // both sides warm
    const double seconds = measured.run(how.count);
    channel.close();
    child->wait();
    const auto count = static_cast<double>(how.count);
    fmt::print(R"({{"per_second": {:.0f}, "cpu_us_each": {:.3f}}})"
               "\n",
               count / seconds, static_cast<double>(measured.cpu_used_us) / count);
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    plan how;
    if (argc == 6) {
        how.mode = argv[1];
        how.format = argv[2];
        how.bytes = parse_integer<std::uint64_t>(argv[3]).value_or(0);
        how.window = parse_integer<std::uint64_t>(argv[4]).value_or(0);
        how.count = parse_integer<std::uint64_t>(argv[5]).value_or(0);
    }
    if (how.window == 0 || how.count == 0) {
        fmt::print(stderr, "ipc_bench one_way|round_trip json|binary <bytes> <window> <count>\n");
        return 2;
    }
    return run_parent(how);
}
