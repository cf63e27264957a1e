#pragma once

#include <cohort/base/error.hpp>
#include <cohort/process/child.hpp>
#include <cohort/process/ward.hpp>

#include <sys/types.h>

#include <utility>
#include <variant>

namespace cohort::primary {

/// A worker's process: our own child, a child of the root that we started, or the child of a
/// keeper, which tells us of its end. A resource.
class worker_process {
public:
    explicit worker_process(process::child own)
        : of_{std::move(own)}
    {}
    explicit worker_process(process::ward kept)
        : of_{std::move(kept)}
    {}

    [[nodiscard]] pid_t pid() const noexcept
    {
        return std::visit([](const auto& each) { return each.pid(); }, of_);
    }
    /// Errors: EPERM; EINVAL, no such signal.
    [[nodiscard]] result<> signal(int number) const
    {
        return std::visit([number](const auto& each) { return each.signal(number); }, of_);
    }

    /// Readable once the process has ended.
    [[nodiscard]] const unique_fd& pidfd() const noexcept
    {
        return std::visit([](const auto& each) -> const unique_fd& { return each.pidfd(); }, of_);
    }

    /// nullptr: a keeper reaps it.
    [[nodiscard]] process::child* own() noexcept { return std::get_if<process::child>(&of_); }
    /// nullptr: we started it.
    [[nodiscard]] process::ward* kept() noexcept { return std::get_if<process::ward>(&of_); }

    /// The caller's ends of its pipes; once. A kept worker has none.
    [[nodiscard]] process::stdio_pipes take_pipes()
    {
        process::child* const child = own();
        return child == nullptr ? process::stdio_pipes{} : std::exchange(child->pipes, {});
    }

private:
    std::variant<process::child, process::ward> of_;
};

}  // namespace cohort::primary
