// A payment service whose work is the CPU's: every request computes, every core serves.
#include <cohort/cohort.hpp>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace http = cohort::http;
namespace json = boost::json;

// Plain recursion, because it is the load: fibonacci(40) is 331,160,281 calls.
std::uint64_t fibonacci(unsigned n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

// Above 45 recursion would take minutes, at 90 centuries; from there on we add instead.
std::uint64_t fibonacci_by_adding(unsigned n)
{
    std::uint64_t before = 0, now = 1;
    for (unsigned i = 1; i < n; ++i)
        before = std::exchange(now, before + now);
    return now;
}

// The "heavy cryptographic operation": SHA-256 over the last digest and the body, 10,000 times.
std::string seal(std::string_view body)
{
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free};
    std::array<unsigned char, 32> digest{};
    bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    for (int round = 0; good && round < 10'000; ++round)
        good = EVP_DigestInit_ex(context.get(), nullptr, nullptr) == 1 &&
               EVP_DigestUpdate(context.get(), digest.data(), digest.size()) == 1 &&
               EVP_DigestUpdate(context.get(), body.data(), body.size()) == 1 &&
               EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    if (!good)
        throw std::runtime_error{"SHA-256 failed"};
    std::string hex;
    for (const unsigned char byte : digest)
        hex += fmt::format("{:02x}", byte);
    return hex;
}

// Everything that is wrong with a payment, each with a JSON pointer to where.
json::array mistakes_in(const json::value& payment)
{
    json::array found;
    const auto complain = [&found](std::string_view pointer, std::string_view detail) {
        found.push_back({{"pointer", pointer}, {"detail", detail}});
    };
    const json::object* members = payment.if_object();
    if (members == nullptr) {
        complain("", "must be an object");
        return found;
    }
    const json::value* amount = members->if_contains("amount");  // in cents: money is no fraction
    if (amount == nullptr || !amount->is_int64() || amount->as_int64() < 1 ||
        amount->as_int64() > 100'000'000)
        complain("/amount", "must be an integer from 1 to 100000000");
    const auto text = [members](std::string_view name) {
        const json::value* value = members->if_contains(name);
        return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                      : std::string_view{};
    };
    const std::string_view currency = text("currency");
    if (currency != "EUR" && currency != "USD" && currency != "GBP")
        complain("/currency", "must be EUR, USD or GBP");
    if (const auto account = text("account"); account.empty() || account.size() > 34)
        complain("/account", "must be a text of 1 to 34 bytes");
    for (const auto& [name, value] : *members)
        if (name != "amount" && name != "currency" && name != "account")
            complain("", fmt::format("member \"{}\" is not known", name));
    return found;
}

http::router payment_api()
{
    http::router api;

    api.get("/",
            [](const http::request&) {
                const volatile unsigned forty = 40;  // so that no compiler computes it for us
                return http::text(fmt::format("Fibonacci(40) = {}", fibonacci(forty)));
            },
            {.cpu_bound = true});

    api.get("/fibonacci/{n}",
            [](const http::request& request) {
                const auto n = request.path<unsigned>("n", 0, 90);
                const bool recursive = n <= 45;
                return http::json({{"n", n},
                                   {"fibonacci", recursive ? fibonacci(n) : fibonacci_by_adding(n)},
                                   {"by", recursive ? "recursion" : "adding"}});
            },
            {.cpu_bound = true});

    api.post("/payments",
             [](const http::request& request) {
                 const json::value payment = request.json();
                 if (auto mistakes = mistakes_in(payment); !mistakes.empty())
                     throw http::refusal{422}
                         .detail("the payment is not valid")
                         .member("errors", std::move(mistakes));
                 return http::json({{"status", "accepted"}, {"sha256", seal(request.body())}}, 201);
             },
             {.cpu_bound = true});

    api.get("/healthz", [](const http::request&) { return http::text("ok"); });

    api.get("/workers", [](const http::request& request) {
        return http::json({{"slot", request.slot()}, {"pid", ::getpid()}});
    });
    return api;
}

int main(int argc, char** argv)
{
    http::router api = payment_api();
    return cohort::serve(argc, argv, api);
}
