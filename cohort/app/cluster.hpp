#pragma once

#include <cohort/app/settings.hpp>
#include <cohort/app/worker.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/primary/worker_info.hpp>
#include <cohort/process/child.hpp>

#include <boost/asio/io_context.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohort {

using primary::exit_status;
using primary::listening_info;
using primary::worker_info;

/// What one worker gets besides the settings. A value.
struct fork_options {
    std::map<std::string, std::string> env;  ///< over that of the settings
    std::optional<std::string> exec;         ///< another program than that of the settings
    std::optional<std::vector<std::string>> args;
    std::optional<std::uint32_t> slot;  ///< nothing: the lowest free one
    /// Descriptors that an exec'ed program finds under a number of its own: {3-1023, descriptor}.
    std::map<int, int> extra_descriptors;
};

/// How a drain of all workers went. A value.
struct drain_report {
    std::vector<std::uint32_t> left;    ///< ids of those that left in time
    std::vector<std::uint32_t> forced;  ///< ids of those that had to be killed
};

/// What a worker does. An int is its exit code; 0 for void.
using worker_main = std::move_only_function<task<int>(worker&)>;

/// A program and its workers, seen from the primary. A resource.
///
///     cohort::cluster cluster{cohort::settings::from(argc, argv)};
///     cluster.on_exit([](const cohort::worker_info& worker, cohort::exit_status status) { … });
///     return cluster.run([](cohort::worker& self) -> cohort::task<void> { … });
///
/// Everything happens inside run(), on one event loop; set the hooks before. A hook must not throw:
/// what escapes ends the primary, and the workers drain and leave; before run(), it ends run().
class cluster {
public:
    explicit cluster(cohort::settings wanted);
    cluster(const cluster&) = delete;
    cluster& operator=(const cluster&) = delete;
    ~cluster();

    // Hooks, in the order of a life. Several can be set of each kind.

    cluster& on_setup(std::move_only_function<void(const cohort::settings&)> hear);
    /// A coroutine in the primary, begun once the first workers are forked. By hand: run() returns
    /// when it has ended and no worker is left.
    cluster& on_start(std::move_only_function<task<>(cluster&)> act);
    /// In a primary that follows one that died, instead of on_start: the workers are those of the
    /// dead one, and serve; what the program kept in its memory is as it was before run().
    cluster& on_recovered(std::move_only_function<task<>(cluster&)> act);
    cluster& on_fork(std::move_only_function<void(const worker_info&)> hear);
    cluster& on_online(std::move_only_function<void(const worker_info&)> hear);
    cluster&
    on_listening(std::move_only_function<void(const worker_info&, const listening_info&)> hear);
    cluster& on_message(std::move_only_function<void(const worker_info&, message&)> hear);
    /// Answers requests of workers.
    cluster& on_request(std::move_only_function<task<message>(worker_info from, message)> answer);
    cluster& on_disconnect(std::move_only_function<void(const worker_info&)> hear);
    cluster& on_exit(std::move_only_function<void(const worker_info&, exit_status)> hear);
    /// A worker could not be started, or a message to it was lost.
    cluster& on_error(std::move_only_function<void(const worker_info&, const fault&)> hear);

    /// Runs the primary until it is stopped, or by hand until nothing is left to do. In a worker it
    /// runs `main` instead and does not return.
    ///
    /// @return  The exit code for main: 0 stopped; 1 usage, or a hook threw; 2 configuration; 5
    /// every slot was given
    ///          up; 7 it could not start (a fork was refused, …).
    template <class F>
    [[nodiscard]] int run(F main)
    {
        using answer = std::invoke_result_t<F&, cohort::worker&>;
        if constexpr (std::same_as<answer, task<int>>) {
            return run_main(worker_main{std::move(main)});
        } else {
            static_assert(std::same_as<answer, task<void>>,
                          "a worker's main returns cohort::task<void> or cohort::task<int>");
            return run_main(worker_main{without_code<F>{std::move(main)}});
        }
    }

    // Settings.

    [[nodiscard]] const cohort::settings& settings() const noexcept;
    /// Changes what later workers get, and tells on_setup. Errors: errc::bad_value, in words;
    /// nothing was changed then. The policy (`balance`) is fixed once run() has begun.
    [[nodiscard]] result<> setup_primary(std::move_only_function<void(cohort::settings&)> change);

    // Workers. What follows needs a running cluster.

    /// Lifetime: of this run(). A timer or a socket on it that outlives run() outlives its loop.
    [[nodiscard]] asio::io_context& loop() noexcept;

    /// Starts one more worker. By hand it is not replaced when it dies.
    /// Errors: errc::threads_running, naming them; errno of fork(2) or of the exec with its step;
    ///         errc::queue_full, 256 slots are taken; errc::stopping.
    [[nodiscard]] result<worker_info> fork(fork_options options);
    [[nodiscard]] result<worker_info> fork() { return fork(fork_options{}); }

    /// All whose process or channel still exists, by id.
    [[nodiscard]] std::vector<worker_info> workers() const;
    [[nodiscard]] std::optional<worker_info> worker(std::uint32_t id) const;
    /// The caller's ends of the pipes that stdio = pipe asked for; once.
    [[nodiscard]] process::stdio_pipes take_pipes(std::uint32_t id);

    [[nodiscard]] bool is_connected(std::uint32_t id) const;
    [[nodiscard]] bool is_dead(std::uint32_t id) const;

    /// Waits for room, then until the kernel has the message. Errors: errc::no_such_worker;
    /// errc::channel_closed; errc::too_large; errc::deadline_passed.
    [[nodiscard]] task<result<>> send(std::uint32_t id, message what, nanoseconds deadline);
    /// Queues it, if there is room. Errors: as above; errc::queue_full, `what` is untouched.
    [[nodiscard]] result<> try_send(std::uint32_t id, message& what);
    /// To every connected worker. Errors: the last failure; the others got it all the same.
    [[nodiscard]] task<result<>> broadcast(message what, nanoseconds deadline);
    /// Errors: also errc::worker_gone, it died before it answered.
    [[nodiscard]] task<result<message>> request(std::uint32_t id, message what,
                                                nanoseconds deadline);

    /// Asks a worker to drain and leave; it is not replaced. Returns at once; idempotent.
    /// Errors: errc::no_such_worker.
    result<> disconnect(std::uint32_t id);
    /// Drains all workers and waits until every one is reaped; who is not done after `deadline` is
    /// killed. Nobody is replaced.
    [[nodiscard]] task<drain_report> disconnect(nanoseconds deadline);

    /// A plain signal. Errors: errc::no_such_worker; EINVAL, no such signal.
    result<> kill(std::uint32_t id, int signal);

    /// Waits for the end of a worker; at once if it is dead. Errors: errc::no_such_worker, also for
    /// one whose end is forgotten; errc::deadline_passed.
    [[nodiscard]] task<result<exit_status>> exited(std::uint32_t id, nanoseconds deadline);

    /// More or fewer workers (automatic supervision): 1 to 256.
    result<> scale(unsigned wanted);
    /// Gives a parked slot another chance. Errors: errc::bad_value, it is not parked.
    result<> revive(std::uint32_t slot);

    /// Drains everything and makes run() return 0, like SIGTERM.
    void stop();

private:
    struct parts;

    template <class F>
    struct without_code {
        F main;
        task<int> operator()(cohort::worker& self)
        {
            co_await main(self);
            co_return 0;
        }
    };

    int run_main(worker_main main);
    int be_mold(result<unique_fd> line, worker_main main);
    task<> start();
    task<> recovered();

    std::unique_ptr<parts> parts_;
};

}  // namespace cohort
