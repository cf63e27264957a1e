#include <cohort/primary/archive.hpp>

#include <cohort/primary/detail/requests.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/base/wary_open.hpp>
#include <cohort/control/fields.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;
using namespace detail;

namespace {

/// Less than who asks waits: it hears why.
constexpr nanoseconds read_within = 3s;

/// What a messenger says if all went well, before a piece of the file.
constexpr std::string_view well = "read: ";
constexpr std::size_t piece_bytes_max = messenger_answer_max - well.size();

/// In a copy of us.
std::string read_piece(const std::string& file, std::size_t from)
{
    const auto opened = wary_open(file, O_RDONLY);
    if (!opened)
        return opened.error().text();
    std::string words(messenger_answer_max, '\0');
    std::ranges::copy(well, words.begin());
    const ssize_t got = ::pread(opened->borrow(), words.data() + well.size(), piece_bytes_max,
                                static_cast<off_t>(from));
    if (got == -1)
        return fault(last_errno(), "read", file).text();
    words.resize(well.size() + static_cast<std::size_t>(got));
    return words;
}

/// Empty: there is none.
std::string file_of(const chronicle& past, std::uint32_t slot, std::int64_t worker)
{
    for (const slot_end& each : past.ends_of(slot)) {
        if (each.who.id == worker && each.details)
            return std::string{control::text_at(*each.details, "file")};
    }
    return {};
}

}  // namespace

bool archive::answers(std::string_view verb) const noexcept { return verb == "report"; }

awaitable<answer> archive::handle(request what, asker&)
{
    const auto worker = number(what, "worker", 0);
    if (!what.slot || !worker || *worker < 1)
        co_return wrong("report needs a slot, as in api.3, and the id of a worker");
    std::string file = file_of(past_, *what.slot, *worker);
    if (file.empty())
        co_return answer{exit_code::no_such_cohort, "no report of that worker's end is in a file"};
    const steady_time until = std::min(end_of(what), now() + read_within);
    auto reading = text_of(std::move(file), until);
    auto text = co_await std::move(reading);
    if (!text) {
        if (text.error().why() == errc::deadline_passed)
            co_return answer{exit_code::timed_out, text.error().text()};
        co_return refusal(text.error());
    }
    boost::json::object data{{"text", as_utf8(*text)}};
    co_return answer{exit_code::done, "", std::move(data)};
}

awaitable<result<std::string>> archive::text_of(std::string file, steady_time until)
{
    std::string text;
    while (text.size() < text_bytes_max) {
        const std::size_t from = text.size();
        // What it refers to is ours until it has come back.
        auto trip = messengers_.send([&file, from]() noexcept { return read_piece(file, from); },
                                     until - now());
        COHORT_CO_TRY(const std::string said, co_await std::move(trip));
        if (!said.starts_with(well))
            co_return failed(errc::no_such_worker, "find the report:", std::string{said});
        text.append(said, well.size());
        if (said.size() < messenger_answer_max)
            break;
    }
    co_return text;
}

}  // namespace cohort::primary
