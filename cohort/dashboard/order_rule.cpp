#include <cohort/dashboard/order_rule.hpp>

#include <array>

namespace cohort::dashboard {

namespace {

using namespace std::chrono_literals;
using of = order_rule::of;
using manner = order_rule::manner;

constexpr milliseconds soon = 60s;
constexpr milliseconds later = 10min;

constexpr auto rules = std::to_array<order_rule>({
    {"reload", "reload", of::cohort, manner::plain, later, "",
     "Takes new code and configuration in, as a transaction"},
    {"rollback", "rollback", of::cohort, manner::plain, later, "",
     "Goes back to the previous generation"},
    {"plan", "plan", of::cohort, manner::plain, soon, "", "Says what a reload would change",
     order_rule::by::viewers},
    {"upgrade", "upgrade", of::cohort, manner::plain, later, "",
     "Replaces the primary by the program on disk; workers go on. Who asks does not learn how it "
     "ends: this API goes with the old primary"},
    {"scale", "scale", of::cohort, manner::plain, soon, R"("to": "8")",
     "Says how many workers there shall be: \"8\", \"+2\", \"-1\", \"2..16\""},
    {"reopen", "reopen", of::cohort, manner::plain, soon, "", "Opens the log's files anew"},
    {"drain", "drain", of::cohort, manner::of_all, soon, "", "Empties all slots"},
    {"resume", "resume", of::cohort, manner::of_all, soon, "", "Fills all empty slots"},
    {"stop", "stop", of::cohort, manner::plain, soon, R"("now": false)", "Stops the cohort"},
    {"level", "log-level", of::cohort, manner::plain, soon, R"("level": "debug")",
     "Says which lines are logged from now on; without a level: which are"},
    {"signal", "signal", of::cohort, manner::plain, soon, R"("number": 10)",
     "Sends a signal to all workers"},
    {"send", "send", of::cohort, manner::plain, soon, R"("message": {})",
     "Sends a message to all workers"},
    {"drain", "drain", of::slot, manner::plain, soon, "",
     "Has the worker finish and leave; its slot stays empty"},
    {"resume", "resume", of::slot, manner::plain, soon, "", "Fills the slot again"},
    {"restart", "signal", of::slot, manner::replaced, soon, "",
     "Has the worker finish and leave, and another one serve in its place"},
    {"dump", "dump", of::slot, manner::plain, soon, R"("patience_ms": 1000)",
     "Shows where its threads are"},
    {"level", "log-level", of::slot, manner::plain, soon, R"("level": "debug")",
     "Says which lines it logs from now on"},
    {"signal", "signal", of::slot, manner::plain, soon, R"("number": 10)", "Sends it a signal"},
    {"send", "send", of::slot, manner::plain, soon, R"("message": {})", "Sends it a message"},
});

}  // namespace

std::span<const order_rule> order_rules() noexcept { return rules; }

}  // namespace cohort::dashboard
