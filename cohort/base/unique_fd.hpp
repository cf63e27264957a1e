#pragma once

#include <cohort/base/assert.hpp>
#include <cohort/base/error.hpp>

#include <utility>

namespace cohort {

/// Owns one file descriptor and closes it exactly once. A resource.
///
/// Converts to neither int nor bool: 0 is a good descriptor, and `if (fd)` would lie.
class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept
        : fd_{fd}
    {}
    unique_fd(unique_fd&& other) noexcept
        : fd_{other.release()}
    {}
    unique_fd& operator=(unique_fd&& other) noexcept
    {
        reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    [[nodiscard]] bool valid() const noexcept { return fd_ != none; }

    /// For a system call; the number dies with this object.
    [[nodiscard]] int borrow() const noexcept
    {
        COHORT_ASSERT(valid());
        return fd_;
    }

    /// Gives the descriptor away; the caller closes it now.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, none); }
    void reset(int fd = none) noexcept;

private:
    static constexpr int none = -1;
    int fd_ = none;
};

/// A second descriptor for the same open file: close-on-exec, and never 0, 1 or 2.
/// Errors: EMFILE (again later).
[[nodiscard]] result<unique_fd> duplicate(const unique_fd& fd);

/// The same for a descriptor that somebody else owns. Errors: EMFILE; EBADF.
[[nodiscard]] result<unique_fd> duplicate(int fd);

}  // namespace cohort
