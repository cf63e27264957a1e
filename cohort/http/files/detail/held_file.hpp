#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <sys/stat.h>

namespace cohort::http::detail {

/// What tells one state of a file from another. A value.
///
/// The time of the last change of its inode is part of it: images that are built reproducibly give
/// all files one date of modification, and a file that replaces another of its size may get its
/// number, too.
struct file_mark {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    [[nodiscard]] static file_mark of(const struct stat& seen) noexcept;

    /// All of it in one number.
    [[nodiscard]] std::uint64_t digest() const noexcept;

    friend bool operator==(const file_mark&, const file_mark&) = default;
};

/// A regular file that is open for reading, in the state that it had then. A resource. Blocks.
class held_file {
public:
    /// Errors: errc::not_supported, it is no regular file; errno of fstat(2).
    [[nodiscard]] static result<held_file> of(unique_fd opened);

    /// Exactly `bytes` from `offset` on. Errors: errc::bad_value, the file is not as it was when it
    /// was opened; errno of pread(2).
    [[nodiscard]] result<std::string> read(std::uint64_t offset, std::size_t bytes) const;

    [[nodiscard]] const file_mark& mark() const noexcept { return mark_; }

private:
    held_file(unique_fd opened, const file_mark& mark) noexcept
        : file_{std::move(opened)}, mark_{mark}
    {}

    unique_fd file_;
    file_mark mark_;
};

}  // namespace cohort::http::detail
