#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/stack_sheet.hpp>
#include <cohort/ipc/call.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/ipc/protocol.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/primary/death_cause.hpp>
#include <cohort/primary/worker_info.hpp>
#include <cohort/primary/worker_process.hpp>

#include <cohort/process/program_map.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohort::primary {

/// One worker: its process, its end of the conversation, and what is known of it. A resource,
/// shared by the supervisor and by the coroutines that wait for something of this worker.
class worker_handle {
public:
    using on_envelope = std::move_only_function<void(ipc::envelope&&) noexcept>;
    using on_hang_up = std::move_only_function<void(std::optional<fault>) noexcept>;

    [[nodiscard]] static result<std::shared_ptr<worker_handle>>
    make(asio::any_io_executor executor, birth_place where, newborn born);

    worker_handle(asio::any_io_executor executor, birth_place where, newborn born,
                  ipc::channel over);

    void start(on_envelope take, on_hang_up closed);

    [[nodiscard]] std::uint32_t id() const noexcept { return where_.id; }
    [[nodiscard]] std::uint32_t slot() const noexcept { return where_.slot; }
    [[nodiscard]] worker_info info() const;
    [[nodiscard]] worker_process& process() noexcept { return born_.process; }
    [[nodiscard]] ipc::channel& channel() noexcept { return channel_; }
    [[nodiscard]] ipc::calls& calls() noexcept { return calls_; }
    [[nodiscard]] bool connected() const noexcept { return connected_; }
    [[nodiscard]] bool dead() const noexcept { return end_.has_value(); }
    [[nodiscard]] bool forked_without_exec() const noexcept { return born_.cohort_inside; }

    /// A program that need not know us, or nullptr; is_stranger(): it has not said hello so far.
    [[nodiscard]] const std::shared_ptr<stranger>& unknown() const noexcept
    {
        return born_.unknown;
    }
    [[nodiscard]] bool is_stranger() const noexcept;

    /// A keeper's child.
    [[nodiscard]] bool is_kept() noexcept { return born_.process.kept() != nullptr; }

    /// What a dead primary knew of it, which said hello to that one. It will say it again.
    struct past {
        steady_time born{};
        std::optional<steady_time> online;
        std::optional<steady_time> listening;
        bool leaving = false;
        bool said_leaving = false;
    };
    void recover(const past& known) noexcept;
    [[nodiscard]] bool is_recovered() const noexcept { return recovered_; }
    /// It said hello to this primary as well.
    void greets() noexcept { greeted_ = true; }
    [[nodiscard]] bool has_greeted() const noexcept { return greeted_; }

    /// Where its threads show their stacks; nullptr: it has not said so, or is another program.
    [[nodiscard]] board::stack_sheet* sheet() noexcept { return sheet_ ? &*sheet_ : nullptr; }
    /// It runs the code that we run, at the same addresses.
    [[nodiscard]] bool copy_of_us() const noexcept { return copy_of_us_; }
    /// What another program runs, as it was when it said hello: for names after its end.
    [[nodiscard]] const process::program_map& code() const noexcept { return code_; }
    enum class program : std::uint8_t { another, ours };
    void shows_stacks_on(board::stack_sheet sheet, program which)
    {
        sheet_.emplace(std::move(sheet));
        copy_of_us_ = which == program::ours;
        if (!copy_of_us_)
            code_ = process::program_map::of(info().pid);
    }
    /// Somebody looks at its stacks right now: one at a time.
    [[nodiscard]] bool asked() const noexcept { return asked_; }
    void begin_asking() noexcept { asked_ = true; }
    void end_asking() noexcept { asked_ = false; }

    /// Its lines go to the files of that turn (supervisor::reopen_logs); 0: it has not said so.
    [[nodiscard]] std::uint32_t log_turn() const noexcept { return log_turn_; }
    void took_log(std::uint32_t turn) noexcept { log_turn_ = turn; }

    // What happened to it.
    /// A kept worker said who it is; until then its id is 0.
    void named(std::uint32_t id) noexcept { where_.id = id; }
    void came_online() noexcept;
    void listens() noexcept;
    void leaves() noexcept;        ///< it was asked to, or said that it does
    void says_leaving() noexcept;  ///< itself: it accepts nothing any more
    void hung_up();
    void ended(process::exit_reason how);
    void said_farewell(ipc::farewell words) { last_words_ = std::move(words.reason); }

    /// We are about to end it; the first reason counts, but for signals, which may end nobody.
    void condemn(doom why)
    {
        if (!doomed_ || doomed_->signal != 0)
            doomed_ = std::move(why);
    }
    [[nodiscard]] const doom* doomed() const noexcept { return doomed_ ? &*doomed_ : nullptr; }

    /// When it said hello.
    [[nodiscard]] std::optional<steady_time> online_since() const noexcept { return online_; }
    /// When it first got an endpoint of ours.
    [[nodiscard]] std::optional<steady_time> listening_since() const noexcept { return listening_; }
    [[nodiscard]] bool leaving() const noexcept { return leaving_; }
    [[nodiscard]] bool said_leaving() const noexcept { return said_leaving_; }
    /// dead() must hold.
    [[nodiscard]] exit_status status() const { return {*end_, last_words_}; }

private:
    birth_place where_;
    newborn born_;
    ipc::channel channel_;
    ipc::calls calls_;
    steady_time birth_time_;
    std::optional<steady_time> online_;
    std::optional<steady_time> listening_;
    worker_state state_ = worker_state::none;
    bool connected_ = true;
    bool leaving_ = false;
    bool said_leaving_ = false;
    bool recovered_ = false;
    bool greeted_ = false;
    bool copy_of_us_ = false;
    bool asked_ = false;
    std::uint32_t log_turn_ = 0;
    std::optional<board::stack_sheet> sheet_;
    process::program_map code_;
    std::optional<process::exit_reason> end_;
    std::string last_words_;
    std::optional<doom> doomed_;
};

using worker_ptr = std::shared_ptr<worker_handle>;

}  // namespace cohort::primary
