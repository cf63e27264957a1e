#include <cohort/http/middleware/request_id.hpp>

#include <cohort/base/random.hpp>
#include <cohort/crypto/hex.hpp>
#include <cohort/http/grammar.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohort::http {

namespace {

constexpr std::size_t their_bytes_max = 128;

/// 128 random bits in hexadecimal. A name, no secret.
std::string fresh_id()
{
    random_source& dice = random_source::of_this_thread();
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
                if (from == request_id_source::theirs && theirs &&
                    is_plain_name(*theirs, their_bytes_max))
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
