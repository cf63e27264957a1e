#include <cohort/http/files/file.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/http/files/detail/file_answer.hpp>
#include <cohort/http/files/detail/file_lookup.hpp>
#include <cohort/http/forms/part_head.hpp>
#include <cohort/http/percent.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/observe/log.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http {

namespace {

/// Read at once: a job on a lane is all that such a file costs.
constexpr std::size_t small_bytes_max = 64 * 1024;

using detail::found_file;

awaitable<found_file> looked_up(std::string path, std::size_t memory_max)
{
    const auto work = [&path, &memory_max] { return detail::look_up_own(path, memory_max); };
    found_file found = co_await offload(work);
    switch (found.what) {
        case found_file::kind::file:
            co_return found;
        case found_file::kind::forbidden:
            throw refusal{403};
        case found_file::kind::broken:
            log::warn({{"reason", found.why}},
                      "a file could not be sent; the client was told to come again");
            throw refusal{503}.header("Retry-After", "1");
        default:
            throw refusal{404};
    }
}

}  // namespace

awaitable<response> file(const request& of, std::string path, file_options options)
{
    found_file found = co_await looked_up(std::move(path), small_bytes_max);
    if (!options.content_type.empty())
        found.is.type = options.content_type;
    const detail::file_terms terms{.cache_control = options.cache_control};
    co_return detail::file_answer(of, found.is, terms);
}

awaitable<response> file(const request& of, std::string path)
{
    const file_options usual;
    auto answer = co_await file(of, std::move(path), usual);
    co_return answer;
}

awaitable<> resume_file(const request& of, std::string path, resume_point from, body_writer& out,
                        file_options options)
{
    found_file found = co_await looked_up(std::move(path), small_bytes_max);
    if (!options.content_type.empty())
        found.is.type = options.content_type;
    co_await detail::resume_file_answer(of, std::move(found.is), from, out);
}

std::string attachment(std::string_view file_name)
{
    const std::string name = safe_file_name(file_name);
    std::string plain = name;
    std::ranges::replace_if(
        plain,
        [](unsigned char c) { return c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '%'; },
        '_');
    std::string value = "attachment; filename=\"" + plain + '"';
    if (plain != name)
        value += "; filename*=UTF-8''" + percent_encode(name);
    return value;
}

}  // namespace cohort::http
