#include <cohort/http/middleware/request_id.hpp>

#include <cohort/base/random.hpp>

#include <fmt/format.h>

#include <algorithm>

#include <unistd.h>

namespace cohort::http {

namespace {

bool is_fit(std::string_view id) noexcept
{
    const auto harmless = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !id.empty() && id.size() <= 128 && std::ranges::all_of(id, harmless);
}

/// 128 random bits in hexadecimal. A name, no secret.
std::string fresh_id()
{
    // Seeded anew in each process: workers that were forked from one image must not share ids.
    thread_local pid_t seeded_in = 0;
    thread_local random_source dice{0};
    if (const pid_t here = ::getpid(); seeded_in != here) {
        dice = random_source::from_kernel();
        seeded_in = here;
    }
    const std::uint64_t high = dice.next();
    return fmt::format("{:016x}{:016x}", high, dice.next());
}

}  // namespace

hooks request_ids(request_id_source from)
{
    return {.name = "request_id",
            .before = [from](request& of) -> std::optional<response> {
                const auto theirs = of.header("X-Request-Id");
                if (from == request_id_source::theirs && theirs && is_fit(*theirs))
                    of.attach(request_id{std::string{*theirs}});
                else
                    of.attach(request_id{fresh_id()});
                return std::nullopt;
            },
            .after =
                [](const request& of, response& answer) {
                    if (const request_id* id = of.attached<request_id>())
                        answer.header("X-Request-Id", id->text);
                }};
}

}  // namespace cohort::http
