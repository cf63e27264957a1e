#include <cohort/http/files/detail/file_answer.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/random.hpp>
#include <cohort/http/conditions.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/files/byte_ranges.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http::detail {

namespace {

/// Large enough that a job on a lane pays, small enough for many clients at a time.
constexpr std::size_t piece_bytes = 128 * 1024;

/// A body made of texts and pieces of the file.
struct body_plan {
    struct piece {
        std::string before;
        byte_range bytes;
    };
    std::vector<piece> pieces = {};
    std::string after = {};

    [[nodiscard]] std::uint64_t size() const noexcept
    {
        std::uint64_t sum = after.size();
        for (const piece& each : pieces)
            sum += each.before.size() + each.bytes.size();
        return sum;
    }
};

struct decision {
    unsigned status = 200;
    body_plan body = {};
    std::string content_range = {};
    std::string content_type = {};
};

/// What identifies the state of a file.
struct validators {
    std::string tag;
    std::optional<std::int64_t> modified = {};  // seconds since 1970; nothing: not to be relied on

    [[nodiscard]] resource_state state() const noexcept
    {
        return {.tag = tag, .modified = modified};
    }
};

std::string tag_of_file(const representation& what)
{
    return fmt::format("\"{:016x}\"", what.mark.digest());
}

validators validators_of(const representation& what)
{
    validators is{.tag = tag_of_file(what)};
    const std::int64_t seconds = what.mark.modified_ns / 1'000'000'000;
    // A date in the future would promise that it does not change until then (RFC 9110, 8.8.2.1).
    if (seconds >= 0 && seconds <= parse_date(date_now()).value_or(0))
        is.modified = seconds;
    return is;
}

std::string content_range(const byte_range& part, std::uint64_t size)
{
    return fmt::format("bytes {}-{}/{}", part.first, part.last, size);
}

/// The same in every process, so that another one can go on with it.
body_plan in_parts(const std::vector<byte_range>& ranges, const representation& what,
                   std::string_view boundary)
{
    body_plan plan;
    for (const byte_range& each : ranges)
        plan.pieces.push_back(
            {fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                         plan.pieces.empty() ? "" : "\r\n", boundary, what.type,
                         content_range(each, what.mark.size)),
             each});
    plan.after = fmt::format("\r\n--{}--\r\n", boundary);
    return plan;
}

decision decide(const request& of, const representation& what, const resource_state& now)
{
    switch (weigh(of, now)) {
        case condition_outcome::failed:
            return {.status = 412};
        case condition_outcome::not_modified:
            return {.status = 304};
        case condition_outcome::met:
            break;
    }
    decision made{.content_type = std::string{what.type}};
    const std::uint64_t size = what.mark.size;
    if (size > 0)
        made.body.pieces.push_back({{}, {0, size - 1}});
    const auto field = of.header("Range");
    if (of.method() != method::get || !field || !range_applies(of, now))
        return made;
    const range_choice choice = choose_ranges(*field, size);
    if (choice.what == range_choice::kind::whole)
        return made;
    if (choice.what == range_choice::kind::unsatisfiable)
        return {.status = 416, .content_range = fmt::format("bytes */{}", size)};
    made.status = 206;
    if (choice.ranges.size() == 1) {
        made.body.pieces.front().bytes = choice.ranges.front();
        made.content_range = content_range(choice.ranges.front(), size);
        return made;
    }
    const std::string boundary = fmt::format("{:016x}", mix(what.mark.digest()));
    made.body = in_parts(choice.ranges, what, boundary);
    made.content_type = "multipart/byteranges; boundary=" + boundary;
    return made;
}

awaitable<result<>> write_range(const held_file& file, byte_range range, body_writer& out)
{
    while (range.first <= range.last) {
        const std::size_t bytes = std::min<std::uint64_t>(piece_bytes, range.size());
        const auto work = [&file, &range, &bytes] { return file.read(range.first, bytes); };
        const auto piece = co_await offload(work);
        // The head promised a tag and a length that this file does not have any more.
        if (!piece)
            throw failure{piece.error()};
        auto sent = co_await out.write(*piece);
        if (!sent)
            co_return sent;
        range.first += bytes;
    }
    co_return result<>{};
}

/// Writes the plan from that byte of it on.
awaitable<> write_plan(body_plan plan, std::shared_ptr<const held_file> file, std::uint64_t from,
                       body_writer& out)
{
    const auto rest_of = [&from](std::string_view text) {
        const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(from, text.size()));
        from -= skipped;
        return text.substr(skipped);
    };
    for (const body_plan::piece& each : plan.pieces) {
        auto sent = co_await out.write(rest_of(each.before));
        if (!sent)
            co_return;
        byte_range range = each.bytes;
        const std::uint64_t skipped = std::min(from, range.size());
        from -= skipped;
        if (skipped == range.size())
            continue;
        range.first += skipped;
        sent = co_await write_range(*file, range, out);
        if (!sent)
            co_return;
    }
    const auto sent = co_await out.write(rest_of(plan.after));
    static_cast<void>(sent);
}

std::string assembled(const body_plan& plan, std::string_view bytes)
{
    std::string all;
    all.reserve(plan.size());
    for (const body_plan::piece& each : plan.pieces) {
        all += each.before;
        all += bytes.substr(each.bytes.first, each.bytes.size());
    }
    return all += plan.after;
}

response with_body(const representation& what, decision made)
{
    if (what.bytes)
        return bytes(made.content_type, assembled(made.body, *what.bytes), made.status);
    const std::uint64_t length = made.body.size();
    auto produce = [plan = std::move(made.body), file = what.file](body_writer& out) {
        return write_plan(plan, file, 0, out);
    };
    return stream(made.content_type, length, std::move(produce)).status(made.status);
}

}  // namespace

response file_answer(const request& of, const representation& what, const file_terms& terms)
{
    const validators is = validators_of(what);
    decision made = decide(of, what, is.state());
    const std::string content_range = std::move(made.content_range);
    response answer;
    switch (made.status) {
        case 304:
            answer.status(304);
            break;
        case 412:
            return problem(412, {}, "the file is not in the state that was asked for");
        case 416:
            return problem(416, {}, "the file has no such bytes")
                .header("Content-Range", content_range);
        default:
            answer = with_body(what, std::move(made));
            answer.header("Accept-Ranges", "bytes");
    }
    if (!content_range.empty())
        answer.header("Content-Range", content_range);
    answer.header("ETag", is.tag);
    if (is.modified) {
        const auto date = format_date(*is.modified);
        answer.header("Last-Modified", {date.data(), date.size()});
    }
    if (!terms.cache_control.empty())
        answer.header("Cache-Control", terms.cache_control);
    if (terms.varies == file_terms::vary::by_coding)
        answer.header("Vary", "Accept-Encoding");
    if (what.coded && answer.status() != 304)
        answer.header("Content-Encoding", name(*what.coded));
    answer.header("X-Content-Type-Options", "nosniff");
    return answer;
}

awaitable<> resume_file_answer(const request& of, representation what, resume_point from,
                               body_writer& out)
{
    const validators is = validators_of(what);
    decision made = decide(of, what, is.state());
    const bool same = (made.status == 200 || made.status == 206) && from.length &&
                      made.body.size() == *from.length && from.offset <= *from.length;
    if (!same || !what.file)
        throw failure{fault(errc::bad_value, "go on with a file that is another one now")};
    co_await write_plan(std::move(made.body), what.file, from.offset, out);
}

}  // namespace cohort::http::detail
