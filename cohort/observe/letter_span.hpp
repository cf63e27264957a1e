#pragma once
// Spans of messages between the processes of a cohort, and the words that go along with them.

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/observe/span.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::observe {

/// A context in words: its traceparent, and behind a space its tracestate, if there is one.
[[nodiscard]] std::string carried(const trace_context& what);
/// Nothing if these are no such words.
[[nodiscard]] std::optional<trace_context> parse_carried(std::string_view words);

/// The span of sending a message that is part of something; `origin`, its words, are of this span
/// then. None if it is part of nothing.
[[nodiscard]] span begin_sending(std::string& origin, span_kind kind, literal name);
/// The same where it has come to; as long as it is dealt with there.
[[nodiscard]] span begin_receiving(std::string& origin, span_kind kind, literal name);

namespace detail {

template <class T>
awaitable<result<T>> end_with(span whole, awaitable<result<T>> work)
{
    auto outcome = co_await std::move(work);
    if (!outcome)
        whole.fail(outcome.error().text());
    whole.end();
    co_return outcome;
}

}  // namespace detail

/// `work`, and the span ends with it: as failed, if that failed. Without a span just `work`.
template <class T>
[[nodiscard]] awaitable<result<T>> until_done(span whole, awaitable<result<T>> work)
{
    if (whole.owner() == nullptr)
        return work;
    return detail::end_with(std::move(whole), std::move(work));
}

/// A part of what a message's words are of, in the process where it has come to; else none.
[[nodiscard]] span child_of(std::string_view origin, std::string name);

}  // namespace cohort::observe
