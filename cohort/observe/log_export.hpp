#pragma once
// Lines of the log on their way to a collector. They are written where they always go, and lie
// here besides, in memory that outlives the process, until the one process that sends has sent
// them: so the last lines of a dead worker arrive, too, and no worker waits for a collector.

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/observe/export_ring.hpp>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace cohort::observe {

/// Whether anybody wants the lines of a cohort, and where they lie. While nobody does, they cost a
/// look at one word. A resource; any thread. Lifetime: of the commons.
class log_export {
public:
    static constexpr std::string_view area_name = "logs/1";

    /// Errors: those of commons::area().
    [[nodiscard]] static result<log_export> in(const board::commons& where);
    log_export(log_export&& other) noexcept
        : where_{other.where_}, page_{other.page_}, ring_{other.ring_.exchange(nullptr)}
    {}
    log_export& operator=(log_export&&) = delete;
    ~log_export();

    [[nodiscard]] bool is_wanted() const noexcept
    {
        return page_->wanted.load(std::memory_order_relaxed) != 0;
    }
    /// From now on they are, or are not, in all processes. Of the primary.
    void begin() noexcept { page_->wanted.store(1, std::memory_order_relaxed); }
    void end() noexcept { page_->wanted.store(0, std::memory_order_relaxed); }

    /// Leaves a line here if it is wanted. Never waits; what cannot be left is counted.
    void leave(std::string_view line) noexcept;
    /// So many could not be left here, by anybody.
    [[nodiscard]] std::uint64_t refused() const noexcept
    {
        return page_->refused.load(std::memory_order_relaxed);
    }

    /// For who sends them. Errors: those of commons::area().
    [[nodiscard]] result<export_ring> ring() const { return export_ring::in(where_, area_name); }

private:
    struct page {
        std::atomic<std::uint64_t> wanted;
        std::atomic<std::uint64_t> refused;
    };
    log_export(const board::commons& where, page& at) noexcept
        : where_{where}, page_{&at}
    {}
    [[nodiscard]] const export_ring* found() noexcept;

    board::commons where_;
    page* page_;
    std::atomic<const export_ring*> ring_{nullptr};  // once there was a line
};

}  // namespace cohort::observe

namespace cohort::log {

/// From now on lines of this process are left there as well. Any number of times: in a primary, in
/// each worker once it knows its cohort's memory. Errors: those of commons::area().
result<> export_by(const board::commons& where);

/// The memory may go.
void export_by_nobody() noexcept;

/// What this process writes somebody else reads and passes on, and so its lines are exported by
/// them: export_by() does nothing here.
void export_by_reader() noexcept;

/// Leaves a line that somebody has made, as one of our formats or in none.
void export_line(std::string_view text) noexcept;
/// Would export_line() do anything now?
[[nodiscard]] bool is_exported() noexcept;

}  // namespace cohort::log
