#pragma once
// Errors as JSON objects.

#include <cohort/base/error.hpp>

#include <cstddef>
#include <exception>
#include <string>

namespace cohort::log::detail {

/// {"type":"std::runtime_error","message":"…","stack":"…","cause":{…}}, in about `bytes_max` bytes:
/// texts are cut, and causes left out, to fit. A cause is what std::throw_with_nested() has kept.
void append_error(std::string& out, const std::exception& thrown, std::size_t bytes_max);
/// The same of what was caught as that; null if it holds nothing.
void append_error(std::string& out, const std::exception_ptr& thrown, std::size_t bytes_max);
/// {"type":"cohort::fault","message":"…","code":13,"category":"system"}
void append_error(std::string& out, const fault& why, std::size_t bytes_max);

/// For people, each line of it with a line end and blanks before it: "std::runtime_error: cannot
/// pay", a line for each call of its stack, and then "caused by …". About `bytes_max` bytes.
void append_error_lines(std::string& out, const std::exception& thrown, std::size_t bytes_max);
void append_error_lines(std::string& out, const std::exception_ptr& thrown, std::size_t bytes_max);

/// A name as the compiler writes it, as people do.
[[nodiscard]] std::string readable_name(const char* mangled);

}  // namespace cohort::log::detail
