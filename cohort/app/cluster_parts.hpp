#pragma once
// What stands behind cohort::cluster. Not for programs.

#include <cohort/app/cluster.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/estate.hpp>
#include <cohort/primary/primary.hpp>
#include <cohort/process/renewal.hpp>
#include <cohort/process/root.hpp>
#include <cohort/process/service_manager.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

/// The program's hooks, as the primary's audience.
struct cluster::parts final : primary::audience {
    // Deques: a hook that sets a hook leaves those that run where they are.
    template <class... Args>
    using hooks = std::deque<std::move_only_function<void(Args...)>>;

    explicit parts(cohort::settings wanted)
        : chosen{std::move(wanted)}
    {}

    void live(unique_fd channel) noexcept override;
    void live_on(cohort::primary::birthright mine) noexcept override;
    void show(const cohort::primary::exhibit& what) noexcept override;
    void forked(const worker_info& who) noexcept override { tell(fork_hooks, who); }
    void online(const worker_info& who) noexcept override { tell(online_hooks, who); }
    void listening(const worker_info& who, const listening_info& where) noexcept override
    {
        tell(listening_hooks, who, where);
    }
    void message(const worker_info& who, ipc::message& what) noexcept override
    {
        tell(message_hooks, who, what);
    }
    task<ipc::message> answer(worker_info who, ipc::message what) override;
    void disconnected(const worker_info& who) noexcept override { tell(disconnect_hooks, who); }
    void exited(const worker_info& who, const exit_status& how) noexcept override
    {
        tell(exit_hooks, who, how);
    }
    void failed(const worker_info& who, const fault& why) noexcept override
    {
        tell(error_hooks, who, why);
    }

    /// What a hook throws ends the primary, in peace for the workers. A hook that is set meanwhile
    /// hears of the next event, as in Node.
    template <class List, class... Args>
    void tell(List& list, Args&&... what) noexcept
    {
        try {
            const std::size_t there = list.size();
            for (std::size_t i = 0; i < there; ++i)
                list[i](what...);
        } catch (const std::exception& thrown) {
            escaped(thrown.what());
        }
    }

    /// The primary's life, in a process of its own if there is an estate. Its exit code.
    [[nodiscard]] int reign(cluster& group, const cohort::primary::estate* from,
                            process::reign which) noexcept;
    /// This process becomes the root, of an estate that was there before (successor) or is new.
    /// Errors: those of run_root(); no primary has begun then.
    [[nodiscard]] result<int> found(cluster& group, const cohort::primary::estate& of,
                                    process::reign begins);
    /// This process was renewed: what another program was in it, it is from now on. If it cannot
    /// be that, the other one is again. Its exit code.
    [[nodiscard]] int take_over(cluster& group, const result<std::optional<process::legacy>>& left);
    [[nodiscard]] int go_back(const cohort::primary::estate& from, std::string_view why);
    /// What a program must be for that. Errors: in words.
    [[nodiscard]] result<> fit_to_take_over() const;

    /// What the settings would be if the program started now. Errors: errc::bad_value, in words.
    [[nodiscard]] result<config::settings> read_again() const;

    /// Before run() there is nothing to end yet: then run() ends with it.
    void escaped(std::string_view what) noexcept
    {
        if (primary)
            primary->fail(what);
        else
            escaped_early = what;
    }

    [[nodiscard]] result<cohort::primary::supervisor*> workers() noexcept
    {
        if (!primary || !primary->running() || in_worker)
            return cohort::failed(errc::not_supported, "use a cluster that is not running");
        return &primary->workers();
    }

    cohort::settings chosen;
    process::service_manager manager;  // who started us
    worker_main main;
    cohort::primary::care care = cohort::primary::care::plain;
    std::unique_ptr<cohort::primary::primary> primary;
    bool in_worker = false;
    std::string escaped_early;

    hooks<const cohort::settings&> setup_hooks;
    std::deque<std::move_only_function<task<>(cluster&)>> start_hooks;
    std::deque<std::move_only_function<task<>(cluster&)>> recovered_hooks;
    hooks<const worker_info&> fork_hooks;
    hooks<const worker_info&> online_hooks;
    hooks<const worker_info&, const listening_info&> listening_hooks;
    hooks<const worker_info&, ipc::message&> message_hooks;
    // Shared with the answers that run: it may be replaced meanwhile.
    using request_function = std::move_only_function<task<ipc::message>(worker_info, ipc::message)>;
    std::shared_ptr<request_function> request_hook;
    hooks<const worker_info&> disconnect_hooks;
    hooks<const worker_info&, exit_status> exit_hooks;
    hooks<const worker_info&, const fault&> error_hooks;
};

}  // namespace cohort
