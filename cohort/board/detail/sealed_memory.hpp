#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>

#include <cstddef>
#include <string>

namespace cohort::board::detail {

/// A memfd that can neither shrink under a reader (that would be SIGBUS) nor grow, and its mapping.
/// A resource. Fresh ones are all zeros.
class sealed_memory {
public:
    /// What sizes a stranger may have.
    struct bounds {
        std::size_t least = 0;
        std::size_t most = 0;
    };

    /// Errors: EMFILE, ENOMEM, EFBIG.
    [[nodiscard]] static result<sealed_memory> create(const char* name, std::size_t size);
    /// Errors: errc::board_layout_mismatch, not sealed or of another size; ENOMEM.
    [[nodiscard]] static result<sealed_memory> attach(unique_fd fd, bounds sizes);

    sealed_memory(sealed_memory&& other) noexcept;
    sealed_memory& operator=(sealed_memory&& other) noexcept;
    sealed_memory(const sealed_memory&) = delete;
    sealed_memory& operator=(const sealed_memory&) = delete;
    ~sealed_memory();

    [[nodiscard]] const unique_fd& fd() const noexcept { return fd_; }
    [[nodiscard]] std::byte* bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    sealed_memory(unique_fd fd, void* bytes, std::size_t size) noexcept;
    [[nodiscard]] static result<sealed_memory> map(unique_fd fd, std::size_t size);

    unique_fd fd_;
    std::byte* bytes_ = nullptr;
    std::size_t size_ = 0;
};

/// "attach shared memory: why", errc::board_layout_mismatch.
[[nodiscard]] std::unexpected<fault> refuse(std::string why);

}  // namespace cohort::board::detail
