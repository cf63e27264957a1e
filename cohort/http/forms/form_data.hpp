#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/forms/part_head.hpp>
#include <cohort/http/forms/spool_file.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http {

/// One field or file of a form: in memory if it is small, in a file without a name if it is not.
/// A resource; what it holds is gone when it is.
class form_part {
public:
    explicit form_part(part_head head)
        : head_{std::move(head)}
    {}

    [[nodiscard]] const std::string& name() const noexcept { return head_.name; }

    /// What the client calls the file; nothing for a plain field. Never a path to write to.
    [[nodiscard]] const std::optional<std::string>& filename() const noexcept
    {
        return head_.filename;
    }

    /// filename() as something that a file here may be called, see safe_file_name().
    [[nodiscard]] std::string safe_name() const
    {
        return safe_file_name(head_.filename.value_or(""));
    }

    /// As the client says: a claim, not a fact.
    [[nodiscard]] const std::string& content_type() const noexcept { return head_.content_type; }

    [[nodiscard]] std::uint64_t size() const noexcept
    {
        return memory_.size() + (spool_ ? spool_->size() : 0);
    }
    [[nodiscard]] bool in_memory() const noexcept { return spool_ == nullptr; }

    /// All of it. Throws a refusal with 413 that names the part if it is not in memory.
    [[nodiscard]] std::string_view text() const;

    /// `bytes_max` bytes from `offset` on; fewer at the end, none behind it.
    /// Errors: errno of pread(2). Cancel: none. Lifetime: this, until the awaitable completes.
    [[nodiscard]] awaitable<result<std::string>> read(std::uint64_t offset,
                                                      std::size_t bytes_max) const;

    /// Keeps it as a file, which its owner alone may read. Never replaces one.
    /// Errors: EEXIST; errno of open(2), write(2). Cancel: none. Lifetime: as read().
    [[nodiscard]] awaitable<result<>> save(std::string path) const;

    // For the reader of forms.

    [[nodiscard]] std::string& memory() noexcept { return memory_; }

    /// Moves what is in memory to the end of a file in `folder`. Blocks. Errors: errno of open(2),
    /// write(2).
    [[nodiscard]] result<> spool(const std::string& folder);

private:
    part_head head_;
    std::string memory_;
    std::unique_ptr<spool_file> spool_;
};

/// A form with its fields and files, in the order in which they were sent. A resource.
class form_data {
public:
    explicit form_data(std::vector<form_part> parts)
        : parts_{std::move(parts)}
    {}

    /// The first part of that name, or null.
    [[nodiscard]] const form_part* find(std::string_view name) const noexcept;

    /// All of that name, in order.
    [[nodiscard]] std::vector<const form_part*> find_all(std::string_view name) const;

    /// The first part of that name. Throws a refusal with 422 if there is none.
    [[nodiscard]] const form_part& at(std::string_view name) const;

    /// The text of that field. Throws a refusal: 422 if there is none, 413 if it is too long.
    [[nodiscard]] std::string_view text(std::string_view name) const { return at(name).text(); }

    [[nodiscard]] const std::vector<form_part>& parts() const noexcept { return parts_; }

private:
    std::vector<form_part> parts_;
};

}  // namespace cohort::http
