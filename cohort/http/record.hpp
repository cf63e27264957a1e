#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/http/chunk_decoder.hpp>
#include <cohort/http/head.hpp>
#include <cohort/http/head_parser.hpp>
#include <cohort/http/outgoing.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/violation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::http {

class route;

/// The bytes of one request and of its answer, for as long as there are any. A resource.
///
/// A connection borrows a record when bytes arrive and gives it back when all is answered, so that
/// an idle one holds none and a busy worker works in the same few warm ones.
///
///     input:   | answered |  head  | body, taken | body, not yet | next requests |  free  |
///              0        begin              at                                   end   capacity
struct record {
    record(const limits& bounds, std::size_t input_bytes);
    record(const record&) = delete;
    record& operator=(const record&) = delete;

    /// Everything of the request at hand and behind it.
    [[nodiscard]] std::string_view unanswered() const noexcept
    {
        return {input.get() + begin, end - begin};
    }
    /// What nobody has looked at yet.
    [[nodiscard]] std::string_view unread() const noexcept { return {input.get() + at, end - at}; }

    /// Fit for the next connection; keeps memory of ordinary size.
    void clear() noexcept;

    head top;
    head_parser parser;
    chunk_decoder decoder;
    violation why;

    std::unique_ptr<char[]> input;
    std::size_t capacity;
    std::size_t begin = 0;
    std::size_t at = 0;
    std::size_t end = 0;

    std::string body;             // what of a buffered body does not fit behind its head
    std::string_view whole_body;  // in `input` or `body`, once it is complete

    outgoing output;

    std::optional<request> asked;
    std::optional<response> answer;  // of a lane or a coroutine
    const route* to = nullptr;
    steady_time started{};
    std::uint64_t answer_bytes = 0;
};

}  // namespace cohort::http
