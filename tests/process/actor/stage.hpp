#pragma once
// What the scenarios of the actor share: a cluster whose events are written down, and checks that
// are printed for the test that started the actor.

#include <cohort/app/cluster.hpp>
#include <cohort/async/wakeup.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>

#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace actor {

using namespace std::chrono_literals;
using cohort::message;
using cohort::task;

/// Longer than anything takes on a loaded machine.
inline constexpr cohort::nanoseconds patience = 60s;

/// Something that a hook of the primary heard. A value.
struct happening {
    std::string what;  ///< fork, online, listening, message, disconnect, exit, error
    cohort::worker_info who;
    boost::json::value said;                      ///< message
    std::string bytes;                            ///< message, if it was binary
    std::optional<cohort::exit_status> end;       ///< exit
    std::optional<cohort::listening_info> where;  ///< listening
    std::size_t workers_known = 0;                ///< in the map of workers at that moment
};

/// The primary of one scenario. A resource; one in a process.
class stage {
public:
    stage(int argc, char** argv);
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    cohort::cluster cluster;
    std::vector<happening> heard;
    std::vector<message> messages;  ///< those with descriptors
    unsigned setups = 0;
    bool may_go_on = true;  ///< the answer to ask_permission() waits for it
    bool hold = false;      ///< answers wait for ever

    /// To tell those who wait in until() that something changed besides events.
    void look_again();

    /// Completes when `holds`; complains, in the name of `what`, if that does not come.
    task<> until(std::function<bool()> holds, std::string what);

    /// Completes when there have been so many of one kind of this worker (0: of anyone).
    task<> until(std::string what, std::uint32_t id, std::size_t count = 1);
    [[nodiscard]] std::size_t count(std::string_view what, std::uint32_t id = 0) const;
    /// The first of its kind; complains and returns an empty one if there is none.
    [[nodiscard]] happening find(std::string_view what, std::uint32_t id) const;
    /// The kinds of all that was heard of the worker, in their order, with blanks between.
    [[nodiscard]] std::string life_of(std::uint32_t id) const;

    /// Forks a worker that plays `role`, and complains if that fails.
    cohort::worker_info fork(std::string role);
    cohort::worker_info fork(std::string role, cohort::fork_options how);
    /// The same, and waits until it is online.
    task<cohort::worker_info> online(std::string role);

    /// What until() waits for. Lifetime: it needs the cluster's loop, so whoever holds it must end
    /// with that loop; the scenario holds it from its beginning.
    [[nodiscard]] std::shared_ptr<cohort::wakeup> changed();

    /// Called by hooks, after they have written down what they heard.
    std::function<void(const happening&)> besides;

private:
    task<message> answer(cohort::worker_info from, message question);
    void note(std::string what, const cohort::worker_info& who);
    void note(happening what);
    std::weak_ptr<cohort::wakeup> changed_;
};

/// A check that goes on; the actor's exit code is 1 if any failed.
void expect(bool holds, std::string_view words);
void expect_equal(std::string_view got, std::string_view wanted, std::string_view words);
[[nodiscard]] bool all_held() noexcept;

/// One story: what the primary does. Workers find their part in the roles.
enum class ending { in_peace, by_exception };
struct scenario {
    std::string_view name;
    task<> (*act)(stage&);
    ending how = ending::in_peace;  ///< by_exception: what act throws reaches the cluster
};
struct role {
    std::string_view name;
    task<int> (*life)(cohort::worker&);
};

[[nodiscard]] std::span<const scenario> roles_scenarios();
[[nodiscard]] std::span<const scenario> life_scenarios();
[[nodiscard]] std::span<const scenario> end_scenarios();
[[nodiscard]] std::span<const scenario> message_scenarios();
[[nodiscard]] std::span<const scenario> bulk_scenarios();
[[nodiscard]] std::span<const scenario> program_scenarios();
[[nodiscard]] std::span<const role> common_roles();
[[nodiscard]] std::span<const role> roles_roles();
[[nodiscard]] std::span<const role> end_roles();
[[nodiscard]] std::span<const role> message_roles();
[[nodiscard]] std::span<const role> bulk_roles();
[[nodiscard]] std::span<const role> program_roles();

/// "/proc/self/exe" as a name that other processes understand, too.
[[nodiscard]] std::string own_program();

/// For workers: until the primary says it may go on.
task<> ask_permission(cohort::worker& self);

/// A pair of connected stream sockets on loopback; TCP.
struct tcp_pair {
    cohort::unique_fd near;
    cohort::unique_fd far;
};
[[nodiscard]] tcp_pair connect_tcp();

/// Blocking, at most `patience`: for descriptors whose other end is known to answer.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes);
[[nodiscard]] std::string read_some(int descriptor, std::size_t bytes);
/// Until the writer closes it.
[[nodiscard]] std::string read_all(int descriptor);
/// A pipe whose reading end holds `text` and then ends.
[[nodiscard]] cohort::unique_fd pipe_with(std::string_view text);

}  // namespace actor
