#pragma once
// What can go wrong, and how a failure travels.
//
// A failure the caller can act on is a value: result<T>. A broken promise of our own is a
// crash: COHORT_ASSERT. No exception crosses a room's door.

#include <boost/system/error_code.hpp>

#include <cerrno>
#include <expected>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

using error_code = boost::system::error_code;

/// Reasons of our own. What the kernel says keeps its errno, in the system category.
enum class errc {
    channel_closed = 1,     ///< The peer hung up; nothing more will arrive.
    board_layout_mismatch,  ///< The mapped board was written by another build.
    deadline_passed,        ///< The operation used up its time budget.
    cancelled,              ///< Whoever wanted the result gave up waiting.
    stopping,               ///< The process is leaving and takes no new work.
    queue_full,             ///< A bounded queue has no room; try again later.
    too_large,              ///< A size is over its limit; nothing was taken.
    malformed,              ///< Bytes from outside do not follow their format.
    bad_value,              ///< A value from outside is not one of those allowed.
    no_such_worker,         ///< No worker has that id or slot.
    threads_running,        ///< A fork was refused because other threads exist.
    worker_gone,            ///< The worker died before it answered.
    not_supported,          ///< This kernel or environment cannot do it.
    answer_failed,          ///< Whoever was asked could not answer, and said why.
    circuit_open,           ///< Calls there fail too often; none is made for a while.
};

error_code make_error_code(errc) noexcept;

/// A string that is known when we compile, so that keeping a view of it is always safe.
struct literal {
    consteval literal(const char* words)
        : text{words}
    {}
    std::string_view text;
};

/// One failure: a code to branch on, and the words to print. A value.
///
/// It has a constructor, and is no aggregate, because it travels through co_await (GCC 12 rule).
class fault {
public:
    /// `doing` names the step ("bind listener"); `subject` names the thing ("0.0.0.0:80").
    fault(error_code why, literal doing, std::string subject = {})
        : why_{why}, doing_{doing.text}, subject_{std::move(subject)}
    {}

    [[nodiscard]] error_code why() const noexcept { return why_; }
    [[nodiscard]] std::string_view doing() const noexcept { return doing_; }
    [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

    /// For people: "bind listener 0.0.0.0:80: Permission denied". Never parse it.
    [[nodiscard]] std::string text() const;

private:
    error_code why_;
    std::string_view doing_;
    std::string subject_;
};

/// What the caller can act on. Propagate it with COHORT_TRY (base/try.hpp).
template <class T = void>
using result = std::expected<T, fault>;

/// The failure of the system call that just returned -1.
[[nodiscard]] inline error_code last_errno() noexcept
{
    return {errno, boost::system::system_category()};
}

/// `std::unexpected` with the errno of the system call that just returned -1.
[[nodiscard]] inline std::unexpected<fault> failed(literal doing, std::string subject = {})
{
    const error_code why = last_errno();
    return std::unexpected(fault(why, doing, std::move(subject)));
}

/// `std::unexpected` for a reason of our own.
[[nodiscard]] inline std::unexpected<fault> failed(errc why, literal doing,
                                                   std::string subject = {})
{
    return std::unexpected(fault(make_error_code(why), doing, std::move(subject)));
}

/// A fault as an exception, for the few calls whose shape in the user's program has no room for a
/// result (`co_await self.listen(…)`). Thrown by the app room only.
class failure : public std::runtime_error {
public:
    explicit failure(fault what)
        : std::runtime_error{what.text()}, fault_{std::move(what)}
    {}
    [[nodiscard]] const fault& why() const noexcept { return fault_; }

private:
    fault fault_;
};

}  // namespace cohort

template <>
struct boost::system::is_error_code_enum<cohort::errc> : std::true_type {};
