// An HTTP API that does to its workers what production does: it waits, computes, hangs, and dies.
// Environment: DIES_AT_BOOT=slot (that slot's workers end with code 42 before they listen),
// DIES_WHEN_LISTENING=slot (they end with code 43 a tenth of a second after they listen; with
// DIES_ONCE_THERE=file only those that begin when it is there), BACKEND=file (/health says 503
// while it is not there), ONLY_HOST=name (by https, and for no other host).
#include "stuck.hpp"

#include <cohort/async/deadline.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/cohort.hpp>
#include <cohort/worker/core.hpp>

#include <boost/json.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace http = cohort::http;
namespace json = boost::json;
using cohort::nanoseconds;

namespace {

constexpr int hold_at_most_ms = 60'000;  // nothing a test forgot may stay for ever

std::atomic<bool> released{false};  // of this worker

http::response who(const http::request& of)
{
    return http::json(json::object{{"slot", of.slot()}, {"pid", ::getpid()}});
}

/// Answers once somebody asks for /release in the same worker.
cohort::task<http::response> wait_for_release(const http::request& of)
{
    const auto slot = of.slot();
    for (int waited = 0; !released && waited < hold_at_most_ms; ++waited)
        co_await cohort::sleep_for(std::chrono::milliseconds{1});
    co_return http::json(json::object{{"slot", slot}, {"pid", ::getpid()}});
}

/// The same, but it occupies a lane, as a computation does.
http::response occupy_lane(const http::request& of)
{
    for (int waited = 0; !released && waited < hold_at_most_ms; ++waited)
        ::poll(nullptr, 0, 1);
    return who(of);
}

http::response release(const http::request& of)
{
    released = true;
    return who(of);
}

/// What a program that this worker starts would find.
http::response environment(const http::request&)
{
    json::object all;
    for (char** each = ::environ; *each != nullptr; ++each) {
        const std::string_view entry{*each};
        const auto sign = entry.find('=');
        all[entry.substr(0, sign)] = sign == std::string_view::npos ? "" : entry.substr(sign + 1);
    }
    return http::json(all);
}

nanoseconds own_processor_time()
{
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + nanoseconds{used.tv_nsec};
}

/// A moment of it, in the program: asking for the time is the kernel's.
void compute_a_moment()
{
    volatile bool on = true;  // so that the compiler believes in the loop
    for (int i = 0; on && i < 100'000; ++i) {
    }
}

/// The event loop does not turn until this has had the processor for so long.
http::response block(const http::request& of)
{
    const auto until = own_processor_time() + std::chrono::milliseconds{of.path<int>("ms")};
    while (own_processor_time() < until)
        compute_a_moment();
    return who(of);
}

/// Computes on a lane until somebody asks for /release in the same worker, a minute at most.
http::response burn(const http::request& of)
{
    const auto until = own_processor_time() + std::chrono::milliseconds{hold_at_most_ms};
    while (!released && own_processor_time() < until)
        compute_a_moment();
    return who(of);
}

/// This worker has so much more in memory from now on.
http::response grow(const http::request& of)
{
    constexpr std::size_t mib = 1'048'576;
    static std::vector<std::string> all;
    all.emplace_back(of.path<std::size_t>("mib") * mib, 'x');
    return who(of);
}

http::response fail(const http::request& of) { return http::text("", of.path<unsigned>("status")); }

http::response leave(const http::request& of) { ::_exit(of.path<int>("code")); }

http::response hang(const http::request&)
{
    scenario::compute_for_ever();
    return http::text("never");
}

[[gnu::noinline]] void write_nowhere()
{
    auto* const nowhere = reinterpret_cast<volatile int*>(0x1230);
    *nowhere = 1;
}

http::response crash(const http::request&)
{
    write_nowhere();
    return http::text("never");
}

std::atomic<bool> ill{false};  // this worker

/// Well, unless this worker fell ill, or what all workers need is not there.
http::response health(const http::request&)
{
    const char* const backend = std::getenv("BACKEND");
    const bool there = backend == nullptr || ::access(backend, F_OK) == 0;
    return ill || !there ? http::text("ill", 503) : http::text("well");
}

http::response fall_ill(const http::request& of)
{
    ill = true;
    return who(of);
}

cohort::task<void> die_when_listening(cohort::worker& self)
{
    while (!self.core().doors().listens())
        co_await cohort::sleep_for(std::chrono::milliseconds{1});
    co_await cohort::sleep_for(std::chrono::milliseconds{100});
    ::_exit(43);
}

bool is_time()
{
    const char* const sign = std::getenv("DIES_ONCE_THERE");
    return sign == nullptr || ::access(sign, F_OK) == 0;
}

bool is_meant(const cohort::worker& which, const char* variable)
{
    const char* const slot = std::getenv(variable);
    return slot != nullptr && cohort::parse_integer<std::uint32_t>(slot) == which.slot();
}

cohort::task<void> perhaps_die(cohort::worker& self)
{
    if (is_meant(self, "DIES_AT_BOOT"))
        ::_exit(42);
    if (is_meant(self, "DIES_WHEN_LISTENING") && is_time())
        self.spawn(die_when_listening(self));
    co_return;
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    if (const char* const host = std::getenv("ONLY_HOST"))
        http::secure(api, {.hosts = {host}});
    api.get("/who", who);
    api.get("/wait", wait_for_release);
    api.post("/wait", wait_for_release);
    api.get("/occupy", occupy_lane, {.cpu_bound = true});
    api.get("/release", release);
    api.get("/block/{ms}", block);
    api.get("/burn", burn, {.cpu_bound = true});
    api.get("/grow/{mib}", grow);
    api.get("/fail/{status}", fail);
    api.post("/leave/{code}", leave);
    api.get("/hang", hang);
    api.post("/crash", crash);
    api.get("/health", health);
    api.get("/fall_ill", fall_ill);
    api.get("/environment", environment);

    cohort::serve_options more;
    more.on_worker = perhaps_die;
    return cohort::serve(argc, argv, api, std::move(more));
}
