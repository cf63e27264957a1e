#include <cohort/dashboard/access.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/crypto/constant_time.hpp>
#include <cohort/crypto/sha256.hpp>
#include <cohort/http/auth/permission.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/host_name.hpp>
#include <cohort/http/ip_address.hpp>
#include <cohort/http/limiting/limit_fields.hpp>
#include <cohort/http/limiting/limit_key.hpp>
#include <cohort/http/limiting/limit_rule.hpp>
#include <cohort/http/middleware/hosts.hpp>
#include <cohort/http/peer.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/requester.hpp>
#include <cohort/http/route.hpp>
#include <cohort/observe/log.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace cohort::dashboard {

namespace {

constexpr std::size_t shortest = 16;
constexpr std::size_t longest = 512;
constexpr const char* challenge = "Bearer realm=\"cohort\"";
constexpr std::string_view operator_role = "operator";

const http::limit_rule& guess_rule()
{
    static const http::limit_rule rule =
        http::limit_rule::of({.limit = gate::guesses_max, .window = std::chrono::minutes{1}})
            .value();
    return rule;
}

std::string address_of(const http::request& of)
{
    static const http::limit_key by = http::limit_key::address();
    return by.of(of).value_or(std::string{});
}

/// Without the line end that editors leave.
std::optional<std::string> text_in(const std::filesystem::path& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, longest + 3> bytes{};
    const auto got = file.valid() ? ::read(file.borrow(), bytes.data(), bytes.size()) : -1;
    if (got <= 0)
        return std::nullopt;
    std::string_view text{bytes.data(), static_cast<std::size_t>(got)};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.remove_suffix(1);
    return text.size() < shortest || text.size() > longest ? std::nullopt
                                                           : std::optional{std::string{text}};
}

bool is_address(std::string_view host) noexcept
{
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    return http::ip_address::parse(host).has_value();
}

bool may_say_any(const http::request& of) noexcept
{
    const http::route* const to = of.route();
    return to != nullptr && to->note<http::any_host_too>() != nullptr;
}

}  // namespace

token_guard::token_guard(const std::string& token)
{
    if (!token.empty())
        digest_ = crypto::sha256(token);
}

token_guard::token_guard(std::filesystem::path file)
    : file_{std::move(file)}
{}

void token_guard::look_at_file()
{
    struct stat now{};
    if (::stat(file_.c_str(), &now) == -1) {
        digest_.reset();
        seen_ = {};
        return;
    }
    const bool same = now.st_ino == seen_.st_ino && now.st_dev == seen_.st_dev &&
                      now.st_size == seen_.st_size && now.st_mtim.tv_sec == seen_.st_mtim.tv_sec &&
                      now.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec;
    if (same && digest_)
        return;
    seen_ = now;
    const auto text = text_in(file_);
    digest_ = text ? std::optional{crypto::sha256(*text)} : std::nullopt;
}

bool token_guard::knows(std::string_view token)
{
    if (!file_.empty())
        look_at_file();
    // Digests are compared: the time says nothing about how much of a guess was right.
    const crypto::digest said = crypto::sha256(token);
    return digest_ && crypto::constant_time_equal(digest_->view(), said.view());
}

gate::gate(token_guard operators, token_guard viewers)
    : operators_{std::move(operators)},
      viewers_{std::move(viewers)},
      memory_(http::limit_table::bytes_for(addresses_max) / sizeof(memory_line))
{}

http::limit_table gate::table() noexcept
{
    return http::limit_table{std::as_writable_bytes(std::span{memory_})};
}

gate::ruling gate::judge(std::string_view token, std::string_view from, std::uint64_t now_ns)
{
    if (operators_.knows(token))
        return ruling::operates;
    if (viewers_.knows(token))
        return ruling::views;
    ++wrong_;
    const http::limit_table guesses = table();
    static_cast<void>(guesses.hit(guess_rule(), guesses.hash(from), now_ns));
    return ruling::wrong;
}

void gate::tell(std::string_view from)
{
    if (const auto untold = telling_.take(); untold)
        log::warn({{"client", from}},
                  "a wrong token came from {}; refused ({} more since the last such line)",
                  from.empty() ? std::string_view{"somewhere"} : from, *untold);
}

std::chrono::nanoseconds gate::barred(std::string_view token, std::string_view from,
                                      std::uint64_t now_ns)
{
    const http::limit_table guesses = table();
    const std::uint64_t key = guesses.hash(from);
    const auto one_more = guesses.hit(guess_rule(), key, now_ns);
    if (one_more.admitted) {
        guesses.give_back(guess_rule(), key, one_more.next, now_ns);
        return std::chrono::nanoseconds{0};
    }
    // Else a stranger behind the same proxy could keep operators out for as long as he likes.
    if (operators_.knows(token) || viewers_.knows(token))
        return std::chrono::nanoseconds{0};
    ++wrong_;
    return one_more.more_in;
}

http::hooks few_guesses(gate& at)
{
    return {.name = "few_guesses",
            .before = [&at](http::request& of) -> std::optional<http::response> {
                const auto token = http::credentials(of, "Bearer");
                if (!token || http::is_for_all(of))
                    return std::nullopt;
                const auto left = at.barred(*token, address_of(of), now_ns());
                if (left == std::chrono::nanoseconds{0})
                    return std::nullopt;
                http::response answer =
                    http::problem(429, {},
                                  "too many wrong tokens came from this address; the socket "
                                  "beside the admin socket asks for none");
                return std::move(answer).header("Retry-After",
                                                std::to_string(http::whole_seconds(left)));
            }};
}

http::authenticator by_token(gate& at)
{
    return {.name = "token",
            .check =
                [&at](const http::request& of) -> std::expected<http::subject, http::auth_refusal> {
                const auto token = http::credentials(of, "Bearer");
                if (!token)
                    return std::unexpected(http::auth_refusal{.challenge = challenge});
                switch (at.judge(*token, address_of(of), now_ns())) {
                    case gate::ruling::operates:
                        return http::subject{.id = "token", .roles = {std::string{operator_role}}};
                    case gate::ruling::views:
                        return http::subject{.id = "view_token"};
                    case gate::ruling::wrong:
                        at.tell(of.peer().address());
                        break;
                }
                return std::unexpected(
                    http::auth_refusal{.tried = true,
                                       .challenge = challenge,
                                       .detail = "that is not the token of this cohort"});
            }};
}

bool may_order(const http::request& of)
{
    const http::subject* const who = of.attached<http::subject>();
    return who == nullptr || std::ranges::find(who->roles, operator_role) != who->roles.end();
}

http::hooks orders_of_operators()
{
    return {.name = "orders_of_operators",
            .before = [](http::request& of) -> std::optional<http::response> {
                const http::route* const to = of.route();
                if (to == nullptr || to->note<for_operators>() == nullptr || may_order(of))
                    return std::nullopt;
                return http::problem(403, {},
                                     "this token is for looking alone; orders take "
                                     "that of operators");
            }};
}

http::hooks known_hosts(std::vector<std::string> names)
{
    return {
        .name = "known_hosts",
        .before = [names = std::move(names)](http::request& of) -> std::optional<http::response> {
            const std::string_view host = http::host_without_port(http::host_of(of));
            const bool known = is_address(host) || http::equal_ignoring_case(host, "localhost") ||
                               std::ranges::any_of(names, [host](const std::string& each) {
                                   return http::equal_ignoring_case(each, host);
                               });
            if (known || may_say_any(of))
                return std::nullopt;
            return http::problem(421, {},
                                 "the dashboard does not answer under that name; admin.hosts "
                                 "has those that it knows");
        }};
}

}  // namespace cohort::dashboard
