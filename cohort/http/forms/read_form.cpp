#include <cohort/http/forms/read_form.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/http/body.hpp>
#include <cohort/http/forms/urlencoded.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

[[noreturn]] void refuse(const form_mistake& why)
{
    refusal answer{why.status, why.status == 400 ? "Malformed form" : ""};
    answer.detail(std::string{why.what});
    if (why.part != 0)
        answer.member("part", why.part);
    if (!why.name.empty())
        answer.member("parameter", why.name).member("in", "form");
    if (why.status == 415)
        answer.header("Accept", "multipart/form-data");
    throw answer;
}

[[noreturn]] void refuse_reading(const fault& why)
{
    if (why.why() == errc::too_large)
        throw refusal{413}.detail("the body is longer than this resource takes");
    if (why.why() == errc::deadline_passed)
        throw refusal{408}.detail("the form took too long to arrive");
    throw refusal{400}.detail(why.text());
}

/// The body's pieces, wherever they come from.
class pieces {
public:
    explicit pieces(const request& of)
    {
        if (of.route() != nullptr && of.route()->options().body == body_use::streamed)
            stream_ = &of.stream();
        else
            whole_ = of.body();
    }

    /// Empty: that was all.
    awaitable<std::string_view> next()
    {
        if (stream_ == nullptr)
            co_return std::exchange(whole_, {});
        const auto piece = co_await stream_->read();
        if (!piece)
            refuse_reading(piece.error());
        co_return *piece;
    }

private:
    body_reader* stream_ = nullptr;
    std::string_view whole_;
};

/// Puts the bytes of a multipart form where they belong.
class assembly {
public:
    assembly(std::string_view boundary, const form_options& options)
        : parser_{boundary, options.limits}, options_{options}, folder_{options.spool_folder}
    {}

    /// Takes from `piece` until it is used up, or until something has to be written: then spool()
    /// comes next. Throws refusals.
    void take(std::string_view& piece)
    {
        using kind = multipart_step::kind;
        while (!has_to_spool_) {
            const multipart_step step = parser_.next(piece);
            switch (step.what) {
                case kind::more:
                    return;
                case kind::part_begins:
                    parts_.emplace_back(parser_.part());
                    part_bytes_ = 0;
                    break;
                case kind::data:
                    add(step.data);
                    break;
                case kind::part_ends:
                    // The rest of a file that was begun belongs in it.
                    has_to_spool_ = !parts_.back().in_memory();
                    break;
                case kind::refused:
                    refuse(parser_.mistake());
            }
        }
    }

    [[nodiscard]] bool has_to_spool() const noexcept { return has_to_spool_; }

    awaitable<> spool()
    {
        const auto work = [this] { return parts_.back().spool(folder_); };
        const result<> written = co_await offload(work);
        has_to_spool_ = false;
        if (!written) {
            log::warn({{"reason", written.error().text()}},
                      "a form was refused: its file could not be written; going on with others");
            throw refusal{507}.detail("there is no room for this file");
        }
    }

    form_data finish()
    {
        if (!parser_.finish())
            refuse(parser_.mistake());
        return form_data{std::move(parts_)};
    }

private:
    void add(std::string_view bytes)
    {
        form_part& part = parts_.back();
        part_bytes_ += bytes.size();
        total_bytes_ += bytes.size();
        const auto too_large = [&](std::string_view what) {
            refuse({.status = 413, .what = what, .part = parser_.parts(), .name = part.name()});
        };
        if (part_bytes_ > options_.part_bytes_max)
            too_large("this part is too long");
        if (total_bytes_ > options_.total_bytes_max)
            too_large("the form is too long");
        part.memory() += bytes;
        // A file gets pieces that are worth a job on a lane.
        constexpr std::size_t piece_bytes = 256 * 1024;
        has_to_spool_ =
            part.memory().size() > (part.in_memory() ? options_.memory_max : piece_bytes);
    }

    multipart_parser parser_;
    const form_options& options_;
    std::string folder_;
    std::vector<form_part> parts_;
    std::uint64_t part_bytes_ = 0;
    std::uint64_t total_bytes_ = 0;
    bool has_to_spool_ = false;
};

awaitable<form_data> read_urlencoded(const request& of, const form_options& options)
{
    const urlencoded_limits limits;
    const std::uint64_t bytes_max = std::min<std::uint64_t>(
        {options.total_bytes_max, options.part_bytes_max, limits.bytes_max});
    std::string text;
    pieces body{of};
    for (;;) {
        const std::string_view piece = co_await body.next();
        if (piece.empty())
            break;
        if (text.size() + piece.size() > bytes_max)
            refuse({.status = 413, .what = "the form is too long"});
        text += piece;
    }
    const auto read = parse_urlencoded(text, limits);
    if (!read) {
        const bool large = read.error().why() == errc::too_large;
        throw refusal{large ? 413U : 400U, large ? "" : "Malformed form"}.detail(
            read.error().text());
    }
    std::vector<form_part> parts;
    for (const form::field& each : read->fields()) {
        parts.emplace_back(part_head{.name = each.name});
        parts.back().memory() = each.value;
    }
    co_return form_data{std::move(parts)};
}

}  // namespace

awaitable<form_data> read_form(const request& of, form_options options)
{
    const std::string_view type = of.header("Content-Type").value_or("");
    if (equal_ignoring_case(trim(type.substr(0, type.find(';'))),
                            "application/x-www-form-urlencoded"))
    {
        auto fields = co_await read_urlencoded(of, options);
        co_return fields;
    }
    const auto boundary = boundary_of(type);
    if (!boundary)
        refuse(boundary.error());

    assembly form{*boundary, options};
    pieces body{of};
    for (;;) {
        std::string_view piece = co_await body.next();
        if (piece.empty())
            break;
        form.take(piece);
        while (form.has_to_spool()) {
            co_await form.spool();
            form.take(piece);
        }
    }
    co_return form.finish();
}

awaitable<form_data> read_form(const request& of)
{
    const form_options usual;
    auto form = co_await read_form(of, usual);
    co_return form;
}

}  // namespace cohort::http
