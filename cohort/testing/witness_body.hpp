#pragma once
// Bodies that follow from a request's number, so that both ends know every byte of them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::testing {

/// The first `bytes` bytes of the body that belongs to a number. Any bytes occur in it.
[[nodiscard]] std::string witness_body(std::uint64_t number, std::size_t bytes);

/// Are these the bytes of that body from `offset` on?
[[nodiscard]] bool is_witness_body(std::uint64_t number, std::uint64_t offset,
                                   std::string_view bytes) noexcept;

/// The body of the request itself, which must differ from that of its answer.
[[nodiscard]] constexpr std::uint64_t number_of_request_body(std::uint64_t number) noexcept
{
    return ~number;
}

}  // namespace cohort::testing
