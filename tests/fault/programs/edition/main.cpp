// One edition of an application that is reloaded. What it is, and what is wrong with it, stands in
// its own bytes: a test copies the file and writes over them, so that editions are different files
// without a compiler.
//
//     GET, POST /edition   its number
//     GET, POST /alike     the same words in every edition, unless it "fails" or takes its time
//     and the paths of witness_api
#include <cohort/async/deadline.hpp>
#include <cohort/cohort.hpp>
#include <cohort/testing/witness_api.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace http = cohort::http;
using namespace std::chrono_literals;

namespace {

/// Volatile: it is read from the file that runs, whatever the compiler thinks it knows.
const volatile char words[] = "COHORT-EDITION:1 fine                     ";

std::string read_words()
{
    std::string text;
    for (const volatile char& each : words)
        text.push_back(each);
    text = text.substr(text.find(':') + 1);
    constexpr std::string_view filling{" \0", 2};
    return text.substr(0, text.find_last_not_of(filling) + 1);
}

cohort::task<> leak()
{
    static std::vector<std::string> eaten;
    for (;;) {
        eaten.emplace_back(std::size_t{16} << 20, 'x');
        co_await cohort::sleep_for(50ms);
    }
}

cohort::task<> crash_soon()
{
    co_await cohort::sleep_for(700ms);
    std::abort();
}

/// No coroutine of the worker: it would be waited for when that one is asked to leave.
void crash_after(unsigned seconds)
{
    std::signal(SIGALRM, [](int) { std::abort(); });
    ::alarm(seconds);
}

cohort::task<> never_ready()
{
    for (;;)
        co_await cohort::sleep_for(1h);
}

cohort::task<> misbehave(cohort::worker& self, const std::string& manner)
{
    if (manner == "dies_at_start")
        ::_exit(9);
    // FIX: an environment that does not lack what it needs.
    if (manner == "second_dies" && self.slot() == 1 && std::getenv("FIX") == nullptr)
        ::_exit(9);
    if (manner == "never_ready")
        co_await never_ready();
    if (manner == "crashes_soon")
        self.spawn(crash_soon());
    if (manner == "crashes_late")
        crash_after(3);
    if (manner == "leaks")
        self.spawn(leak());
}

/// What clients of all editions are answered, when all is well.
cohort::task<http::response> answer_alike(std::string manner)
{
    static std::vector<std::string> eaten;
    if (manner == "slow")
        co_await cohort::sleep_for(60ms);
    if (manner == "crawls")
        co_await cohort::sleep_for(200ms);
    if (manner == "eats")  // whoever is not asked stays slim
        eaten.emplace_back(std::size_t{1} << 20, 'x');
    auto answer = http::text("alike");
    if (manner == "fails")
        answer.status(500);
    co_return answer;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string text = read_words();
    const std::string number = text.substr(0, text.find(' '));
    const std::string manner = text.substr(text.find(' ') + 1);
    if (manner == "does_not_start")
        return 3;
    if (manner == "hangs_at_start")
        ::poll(nullptr, 0, -1);
    // As if somebody broke its configuration right after it was tried out.
    std::string nonsense = "--nonsense";
    std::vector<char*> given{argv[0], nonsense.data(), nullptr};
    if (manner == "fits_on_trial" && std::getenv("COHORT_MOLD_FD") == nullptr) {
        // How it was started is known by then.
        static_cast<void>(cohort::settings::from(argc, argv));
        argc = 2;
        argv = given.data();
    }

    http::router api;
    const cohort::testing::witness_api watched;
    watched.add_to(api);
    api.any("/edition", [number](const http::request&) { return http::text(number); });
    api.any("/alike", [&manner](http::request&) { return answer_alike(manner); });

    cohort::serve_options more;
    more.on_worker = [&manner](cohort::worker& self) { return misbehave(self, manner); };
    return cohort::serve(argc, argv, api, std::move(more));
}
