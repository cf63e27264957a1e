#include <cohort/dashboard/order_rule.hpp>

#include <array>

namespace cohort::dashboard {

namespace {

using namespace std::chrono_literals;
using of = order_rule::of;
using manner = order_rule::manner;

constexpr milliseconds soon = 60s;
constexpr milliseconds later = 10min;

// Each with the time that every order may take.
constexpr shape_member budget{"budget_ms", "integer",
                              "How long to wait for the answer: 1 to 3600000."};
constexpr std::array nothing{budget};
constexpr std::array number_of_workers{
    shape_member{"to", "string!", "How many: \"8\", \"+2\", \"-1\", \"2..16\"."}, budget};
constexpr std::array how_to_stop{
    shape_member{"now", "boolean", "Ends all workers, whatever they have."}, budget};
constexpr std::array which_level{
    shape_member{"level", "string",
                 "trace, debug, info, warn, error, fatal or default; absent: asks."},
    budget};
constexpr std::array which_signal{
    shape_member{"number", "integer!", "Of the signal: 10 is SIGUSR1."}, budget};
constexpr std::array what_to_say{shape_member{"message", "!", "Anything."}, budget};
constexpr std::array how_patiently{
    shape_member{"patience_ms", "integer", "How long threads may take to answer."}, budget};

constexpr auto rules = std::to_array<order_rule>({
    {"reload", "reload", of::cohort, manner::plain, later, nothing,
     "Takes new code and configuration in, as a transaction"},
    {"rollback", "rollback", of::cohort, manner::plain, later, nothing,
     "Goes back to the previous generation"},
    {"plan", "plan", of::cohort, manner::plain, soon, nothing, "Says what a reload would change",
     order_rule::by::viewers},
    {"upgrade", "upgrade", of::cohort, manner::plain, later, nothing,
     "Replaces the primary by the program on disk; workers go on. Who asks does not learn how it "
     "ends: this API goes with the old primary"},
    {"scale", "scale", of::cohort, manner::plain, soon, number_of_workers,
     "Says how many workers there shall be: \"8\", \"+2\", \"-1\", \"2..16\""},
    {"reopen", "reopen", of::cohort, manner::plain, soon, nothing, "Opens the log's files anew"},
    {"drain", "drain", of::cohort, manner::of_all, soon, nothing, "Empties all slots"},
    {"resume", "resume", of::cohort, manner::of_all, soon, nothing, "Fills all empty slots"},
    {"stop", "stop", of::cohort, manner::plain, soon, how_to_stop, "Stops the cohort"},
    {"level", "log-level", of::cohort, manner::plain, soon, which_level,
     "Says which lines are logged from now on; without a level: which are"},
    {"signal", "signal", of::cohort, manner::plain, soon, which_signal,
     "Sends a signal to all workers"},
    {"send", "send", of::cohort, manner::plain, soon, what_to_say,
     "Sends a message to all workers"},
    {"drain", "drain", of::slot, manner::plain, soon, nothing,
     "Has the worker finish and leave; its slot stays empty"},
    {"resume", "resume", of::slot, manner::plain, soon, nothing, "Fills the slot again"},
    {"restart", "signal", of::slot, manner::replaced, soon, nothing,
     "Has the worker finish and leave, and another one serve in its place"},
    {"dump", "dump", of::slot, manner::plain, soon, how_patiently, "Shows where its threads are"},
    {"level", "log-level", of::slot, manner::plain, soon, which_level,
     "Says which lines it logs from now on"},
    {"signal", "signal", of::slot, manner::plain, soon, which_signal, "Sends it a signal"},
    {"send", "send", of::slot, manner::plain, soon, what_to_say, "Sends it a message"},
});

}  // namespace

std::span<const order_rule> order_rules() noexcept { return rules; }

}  // namespace cohort::dashboard
