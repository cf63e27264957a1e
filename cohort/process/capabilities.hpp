#pragma once
// What of root's powers a process has, and how a newborn lets go of them.

#include <cohort/base/error.hpp>
#include <cohort/process/child_side.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// A set of capabilities(7). A value.
class capability_set {
public:
    capability_set() noexcept = default;

    /// "net_bind_service", with or without "cap_", whatever the case.
    /// Errors: errc::bad_value, nothing is called so.
    [[nodiscard]] static result<capability_set> parse(const std::vector<std::string>& list);
    /// What this process may use. Errors: those of capget(2).
    [[nodiscard]] static result<capability_set> own();

    [[nodiscard]] bool empty() const noexcept { return bits_ == 0; }
    [[nodiscard]] bool contains(capability_set others) const noexcept
    {
        return (bits_ & others.bits_) == others.bits_;
    }
    [[nodiscard]] std::uint64_t bits() const noexcept { return bits_; }
    /// "net_bind_service, sys_nice"
    [[nodiscard]] std::string text() const;

    friend bool operator==(capability_set, capability_set) = default;

private:
    std::uint64_t bits_ = 0;
};

/// In a newborn, before become(): nothing that it executes will ever have more than `kept`, and
/// become() will not take those away. Async-signal-safe.
[[nodiscard]] stumble bound_capabilities(capability_set kept) noexcept;

/// In a newborn, after become(): it has `kept`, a program that it executes has them too, and none
/// of the others come back. Async-signal-safe.
[[nodiscard]] stumble drop_capabilities(capability_set kept) noexcept;

}  // namespace cohort::process
