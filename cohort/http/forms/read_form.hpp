#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/http/forms/form_data.hpp>
#include <cohort/http/forms/multipart.hpp>
#include <cohort/http/request.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::http {

/// How much of a form is taken, and where it goes. A value.
///
/// Its route's `body_max` (1 MiB unless it says more) bounds a form, too.
struct form_options {
    /// Of each part; a longer one goes to a file. At most parts_max times this is held.
    std::size_t memory_max = 64 * 1024;

    std::uint64_t part_bytes_max = 16 * 1024 * 1024;
    std::uint64_t total_bytes_max = 64 * 1024 * 1024;

    /// Where files without names are made. Lives until the form is read; a literal is fine.
    std::string_view spool_folder = "/var/tmp";

    multipart_limits limits = {};
};

/// Reads a form: multipart/form-data as it arrives, if the route streams its body
/// (body_use::streamed), or out of the buffered one; application/x-www-form-urlencoded likewise.
///
///     const http::form_options options{.part_bytes_max = 100 << 20};
///     const auto form = co_await http::read_form(request, options);
///
/// Files are written on compute lanes; the event loop goes on meanwhile.
///
/// Errors:       throws refusals: 415, another Content-Type, or a part of a kind that is not taken;
///               400, malformed; 413, over a limit; 507, no room for a file; 408, the client was
///               too slow. "part" and "parameter" name the part. Throws `failure` as offload does.
/// Cancel:       total.
/// Lifetime:     `of` until the awaitable completes.
[[nodiscard]] awaitable<form_data> read_form(const request& of, form_options options);
[[nodiscard]] awaitable<form_data> read_form(const request& of);

}  // namespace cohort::http
