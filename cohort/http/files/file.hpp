#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/resume_handler.hpp>

#include <string>
#include <string_view>

namespace cohort::http {

/// How one file is sent. The texts live until the answer is made; literals are fine.
struct file_options {
    std::string_view content_type = {};  ///< Empty: by the ending of its name.
    std::string_view cache_control = "no-cache";
};

/// Answers with a file that the program chose: ranges, conditions and HEAD as static_files has
/// them. `path` is the program's word: never build it from what a client sent; it may lead
/// anywhere.
///
///     co_return co_await http::file(request, "/srv/reports/42.pdf");
///
/// Errors:       throws refusals: 404, there is no such file; 403, it may not be read; 503.
/// Lifetime:     `of` until the awaitable completes.
[[nodiscard]] awaitable<response> file(const request& of, std::string path);
[[nodiscard]] awaitable<response> file(const request& of, std::string path, file_options options);

/// For the `resume` option of such a route: goes on with the same file. Throws if it is another one
/// now; one that was replaced by another of the same size and the same dates is not noticed.
[[nodiscard]] awaitable<> resume_file(const request& of, std::string path, resume_point from,
                                      body_writer& out, file_options options = {});

/// The value of Content-Disposition that has browsers save the answer under that name instead of
/// showing it. Any text; what cannot be in a file name is replaced. Source: RFC 6266, RFC 8187.
[[nodiscard]] std::string attachment(std::string_view file_name);

}  // namespace cohort::http
