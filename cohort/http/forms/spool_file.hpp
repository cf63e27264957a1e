#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// A file without a name, readable by nobody else, which is gone when this is: also when the
/// process dies. A resource. Everything here blocks: call it on a lane (async/offload.hpp).
class spool_file {
public:
    /// In `folder`, whose file system must have room. Errors: errno of open(2).
    [[nodiscard]] static result<spool_file> create(const std::string& folder);

    /// Errors: errno of write(2); ENOSPC, the file system is full.
    [[nodiscard]] result<> append(std::string_view bytes);

    /// `bytes_max` bytes from `offset` on; fewer at the end. Errors: errno of pread(2).
    [[nodiscard]] result<std::string> read_at(std::uint64_t offset, std::size_t bytes_max) const;

    /// Gives it a name, by a link or, on another file system, by a copy. Never replaces a file.
    /// Errors: EEXIST, there is one; errno of open(2).
    [[nodiscard]] result<> save(const std::string& path) const;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    explicit spool_file(unique_fd file) noexcept
        : file_{std::move(file)}
    {}

    unique_fd file_;
    std::uint64_t size_ = 0;
};

/// Writes `bytes` to a new file of that name, readable by its owner only. Blocks.
/// Errors: EEXIST, there is one; errno of open(2) and write(2), and then there is none.
[[nodiscard]] result<> write_new_file(const std::string& path, std::string_view bytes);

}  // namespace cohort::http
