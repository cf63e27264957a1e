#include <cohort/http/middleware/request_id.hpp>

#include <cohort/base/process_id.hpp>
#include <cohort/base/random.hpp>
#include <cohort/crypto/hex.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

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
    if (const pid_t here = process_id(); seeded_in != here) {
        dice = random_source::from_kernel();
        seeded_in = here;
    }
    std::array<std::uint64_t, 2> bits;
    for (std::uint64_t& each : bits)
        each = dice.next();
    return crypto::to_hex(
        std::string_view{reinterpret_cast<const char*>(bits.data()), sizeof bits});
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
