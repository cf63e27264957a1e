#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/files/detail/representation.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/resume_handler.hpp>

#include <cstdint>
#include <string_view>

namespace cohort::http::detail {

/// What else is said with a file.
struct file_terms {
    std::string_view cache_control;
    enum class vary : std::uint8_t { no, by_coding } varies = vary::no;
};

/// The answer to a GET or HEAD for that file: 200, 206, 304, 412 or 416.
[[nodiscard]] response file_answer(const request& of, const representation& what,
                                   const file_terms& terms);

/// Goes on with the body of such an answer. Throws if this file cannot be the one that it began
/// with. Lifetime: `of` and `out` until the awaitable completes.
[[nodiscard]] awaitable<> resume_file_answer(const request& of, representation what,
                                             resume_point from, body_writer& out);

}  // namespace cohort::http::detail
