// A program that plays one scenario of a cluster and checks it from the inside:
//
//     process_actor SCENARIO
//
// It prints a JSON line {"message":"failed: …"} for each check that did not hold, and ends with 1
// then. Its workers are copies of itself, or itself exec'ed; ACTOR_ROLE says what they do.

#include "stage.hpp"

#include <cohort/process/identity.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr int no_such_role = 90;

const actor::scenario* find_scenario(std::string_view name)
{
    for (const auto& room :
         {actor::roles_scenarios(), actor::life_scenarios(), actor::end_scenarios(),
          actor::message_scenarios(), actor::bulk_scenarios(), actor::program_scenarios()})
    {
        for (const actor::scenario& each : room) {
            if (each.name == name)
                return &each;
        }
    }
    return nullptr;
}

actor::task<int> play_role(cohort::worker& self)
{
    const char* wanted = ::getenv("ACTOR_ROLE");
    const std::string_view name = wanted == nullptr ? "idle" : wanted;
    for (const auto& room : {actor::common_roles(), actor::roles_roles(), actor::end_roles(),
                             actor::message_roles(), actor::bulk_roles(), actor::program_roles()})
    {
        for (const actor::role& each : room) {
            if (each.name == name)
                co_return co_await each.life(self);
        }
    }
    co_return no_such_role;
}

/// Whatever the scenario leaves behind is ended with it.
actor::task<> play_scenario(actor::stage& on, const actor::scenario& what)
{
    const auto until_the_end = on.changed();
    if (what.how == actor::ending::by_exception) {
        co_await what.act(on);
        co_return;
    }
    std::string thrown_words;
    try {
        co_await what.act(on);
    } catch (const std::exception& thrown) {
        thrown_words = thrown.what();
    }
    actor::expect(thrown_words.empty(), "an exception escaped from the scenario: " + thrown_words);
    co_await on.cluster.disconnect(actor::patience);
}

}  // namespace

int main(int argc, char** argv)
{
    cohort::process::init_title(argc, argv);
    const std::string_view name = argc > 1 ? argv[1] : "";
    if (name == "who-am-i") {
        fmt::print("{}\n", cohort::is_worker() ? "worker" : "primary");
        return 0;
    }
    const actor::scenario* const what = find_scenario(name);
    if (what == nullptr && cohort::is_primary()) {
        fmt::print(stderr, "no such scenario: {}\n", name);
        return 2;
    }
    actor::stage on{argc, argv};
    on.cluster.on_start([&on, what](cohort::cluster&) { return play_scenario(on, *what); });
    const int code = on.cluster.run(play_role);
    return code == 0 && !actor::all_held() ? 1 : code;
}
