// What load balancers are told of a real cohort: ready, degraded, draining, and that nobody serves.

#include "api_server.hpp"
#include "door.hpp"
#include "operator_of.hpp"

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace cohort;
using namespace cohort::testing;
using control::exit_code;

namespace {

/// What /readyz says. A value.
struct readiness {
    explicit readiness(api_server& of)
        : said{ask_at_door(of.program(), "api", "GET /readyz")}
    {}
    /// Of that state, and of the status and `ready` that go together.
    [[nodiscard]] bool is(int status, const char* state) const
    {
        const auto words = said.json();
        return said.is(status) && words.at("state") == state &&
               words.at("ready") == (status == 200);
    }
    [[nodiscard]] bool has_reason(std::string_view part) const
    {
        return std::string_view{said.json().at("reason").as_string()}.contains(part);
    }
    [[nodiscard]] bool counts(int ready, int wanted) const
    {
        const auto words = said.json();
        return words.at("workers_ready") == ready && words.at("workers_wanted") == wanted;
    }

    answered said;
};

/// Until it says so: it is asked for at most once a second. The last that it said.
template <class Says>
readiness comes_to(api_server& app, Says says)
{
    readiness last{app};
    CHECK_MESSAGE(eventually([&] {
                      last = readiness{app};
                      return says(last);
                  }),
                  last.said.all);
    return last;
}

bool is_live(api_server& app) { return ask_at_door(app.program(), "api", "GET /livez").is(200); }

/// Workers of one slot die as soon as they listen, once it has broken out. A resource.
class malady {
public:
    explicit malady(unsigned slot)
        : slot_{slot}
    {}
    [[nodiscard]] std::vector<std::string> environment() const
    {
        return {fmt::format("DIES_WHEN_LISTENING={}", slot_),
                fmt::format("DIES_ONCE_THERE={}", sign().string())};
    }
    /// Who sits there is killed; whoever follows has it.
    void breaks_out(operator_of& ops) const
    {
        std::ofstream{sign()} << "ill";
        const auto shown = ops.ask("show", {}, slot_).data;
        REQUIRE(::kill(shown.at("pid").to_number<pid_t>(), SIGKILL) == 0);
    }
    void is_cured() const { std::filesystem::remove(sign()); }

private:
    [[nodiscard]] std::filesystem::path sign() const { return folder_.path() / "sign"; }

    temporary_folder folder_;
    unsigned slot_;
};

}  // namespace

TEST_CASE("a slot that is given up since its workers die: degraded, with why, and ready")
{
    malady of{1};
    api_server app{{.workers = 2,
                    .file = "[app.api.restart]\ngive_up = \"3 in 10m\"\n",
                    .env = of.environment()}};
    operator_of ops{app.program(), "api"};
    CHECK(readiness{app}.is(200, "serving"));
    of.breaks_out(ops);
    const readiness now =
        comes_to(app, [](const readiness& said) { return said.has_reason("was given up"); });
    CHECK_MESSAGE(now.is(200, "degraded"), now.said.all);
    CHECK_MESSAGE(now.has_reason("1 of 2 workers serve: api.1 was given up ("), now.said.all);
    CHECK(now.counts(1, 2));
    client over{app.port()};
    CHECK(who_is(over).slot == 0);

    of.is_cured();
    CHECK(ops.ask("resume", {}, 1).code == exit_code::done);
    CHECK(
        comes_to(app, [](const readiness& said) { return said.is(200, "serving"); }).counts(2, 2));
}

TEST_CASE("slots that an operator keeps empty: ready as long as one serves, alive all the time")
{
    api_server app{{.workers = 2}};
    operator_of ops{app.program(), "api"};
    REQUIRE(ops.ask("drain", {}, 1).code == exit_code::done);
    CHECK(comes_to(app, [](const readiness& said) {
              return said.is(200, "serving") &&
                     said.has_reason("api.1 is kept empty by an operator");
          }).counts(1, 2));
    REQUIRE(ops.ask("drain", {}, 0).code == exit_code::done);
    CHECK(comes_to(app, [](const readiness& said) {
              return said.is(503, "degraded") &&
                     said.has_reason("no worker serves: api.0 is kept empty by an "
                                     "operator, api.1 is kept empty by an operator");
          }).counts(0, 2));
    CHECK(is_live(app));
    CHECK(ops.ask("resume", {}, 0).code == exit_code::done);
    static_cast<void>(comes_to(app, [](const readiness& said) { return said.is(200, "serving"); }));
}

TEST_CASE("all workers are dead, and who follows is waited for: not ready, alive")
{
    malady of{0};
    api_server app{{.workers = 1,
                    .file = "[app.api.restart]\nbackoff = \"1h..1h\"\ngive_up = \"never\"\n",
                    .env = of.environment()}};
    operator_of ops{app.program(), "api"};
    CHECK(readiness{app}.is(200, "serving"));
    of.breaks_out(ops);
    const readiness now = comes_to(app, [](const readiness& said) {
        return said.has_reason("no worker serves: api.0 is resting");
    });
    CHECK_MESSAGE(now.is(503, "degraded"), now.said.all);
    CHECK(now.counts(0, 1));
    CHECK(is_live(app));
    CHECK(app.program().stop().code() == 0);
}

TEST_CASE("a cohort that stops says so while its workers finish what they have begun")
{
    api_server app{{.workers = 2}};
    client over{app.port()};
    who_is(over);
    ask_for(over, "/wait");  // so somebody is not finished
    CHECK(readiness{app}.is(200, "serving"));
    app.program().signal(SIGTERM);
    const readiness now = comes_to(app, [](const readiness& said) { return said.said.is(503); });
    CHECK_MESSAGE(now.is(503, "draining"), now.said.all);
    CHECK(now.has_reason("the cohort is stopping"));
    CHECK(is_live(app));
    for (const pid_t each : app.workers())
        ::kill(each, SIGKILL);
    static_cast<void>(app.program().wait());
}
