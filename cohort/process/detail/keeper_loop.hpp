#pragma once
// The life of a keeper: it looks at its twins and at the journal, decides, and sleeps. Every round
// begins with what is true now, so that nothing depends on what woke it. Closed to other rooms.

#include <cohort/process/detail/keeper_post.hpp>
#include <cohort/process/detail/twin_entry.hpp>
#include <cohort/process/respawn_rule.hpp>
#include <cohort/process/twin.hpp>

#include <poll.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <optional>

namespace cohort::process::detail {

/// Where a twin stands, as its keeper knows it.
enum class twin_stage : std::uint8_t {
    none,     ///< This place is empty.
    waiting,  ///< Newborn, or a standby.
    seated,   ///< It has the seat, sweeps, and starts.
    ready,    ///< It serves.
    leaving,  ///< It has lost the seat by a crash, and is not dead yet (it dumps its core).
};

/// A keeper at work. No allocation, no lock, no exception.
class keeper_loop {
public:
    /// `twins` is what every twin gets a copy of.
    keeper_loop(twin_inheritance& twins, const twin_maker& maker) noexcept;

    /// Until the keeper is of no use any more.
    [[noreturn]] void run() noexcept;

private:
    /// To make the last twin, where the machine is short of something. What it would save is closed
    /// with the table otherwise.
    static constexpr unsigned last_tries_max = 5;

    struct place {
        pid_t pid = 0;
        twin_stage stage = twin_stage::none;
        bool judged = false;     // the rule has decided about its end
        bool outlived = false;   // another one has had the seat since
        bool succeeded = false;  // and that somebody follows
        bool killed = false;     // its place is needed
        std::uint64_t since_ns = 0;
        std::uint64_t left_ns = 0;  // when it began to leave
        tenure_end end;
    };

    /// Pauses that double: for what may fail again at once.
    struct pause {
        std::uint64_t until_ns = 0;
        std::uint64_t next_ns = 0;
        void grow(std::uint64_t first_ns, std::uint64_t longest_ns) noexcept;
        [[nodiscard]] bool over() const noexcept;
    };

    void look_at_journal() noexcept;
    void look_at(place& who) noexcept;
    void close_tenure(place& who) noexcept;
    void judge(place& who) noexcept;
    void reap() noexcept;
    void bury(int index, const siginfo_t& how) noexcept;
    void plan() noexcept;
    void plan_the_last() noexcept;
    void make_room() noexcept;
    void give_birth(int index) noexcept;
    [[nodiscard]] int make_twin(int index) noexcept;  // an errno; 0: made
    void tell() noexcept;
    void listen() noexcept;
    void obey(keeper_order what) noexcept;
    void end_line() noexcept;
    void enforce_the_end() noexcept;
    /// When whoever is leaving first is waited for no longer, once nobody follows; 0: nobody is.
    [[nodiscard]] std::uint64_t leaving_until_ns() const noexcept;
    void kill_twins(twin_stage which) noexcept;
    void sleep() noexcept;
    /// When whoever serves gets a standby, by the rule and after the pause; nothing: not at all.
    [[nodiscard]] std::optional<std::uint64_t> standby_due_ns() const noexcept;
    /// What whoever leaves gets before it is killed.
    [[nodiscard]] std::uint64_t grace_ns() const noexcept;
    [[nodiscard]] int patience_ms() const noexcept;
    [[nodiscard]] bool any(twin_stage which) const noexcept;
    [[nodiscard]] bool alone() const noexcept;
    [[nodiscard]] bool over() const noexcept { return held_ || line_over_; }

    twin_inheritance& twins_;
    const twin_maker& maker_;
    board::journal_header& journal_;
    keeper_post post_;
    respawn_rule rule_;
    std::array<place, keeper_numbers::twins_max> places_{};
    std::array<pollfd, keeper_numbers::twins_max + 2> watched_{};
    keeper_post::outcome told_ = keeper_post::outcome::told;
    pause birth_pause_;
    pause standby_pause_;
    std::uint64_t killed_at_ns_ = 0;  // when those left are killed; 0: never
    bool owed_ = true;                // a twin is to be made, and no order is needed
    unsigned last_tries_ = 0;         // left to make a last one, who gives away what is there
    bool held_ = false;
    bool line_over_ = false;
    bool blind_ = false;  // somebody closed a pidfd of ours
};

}  // namespace cohort::process::detail
