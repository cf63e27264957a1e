#include <cohort/http/websocket/deflate_terms.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace cohort::http;

namespace {

std::string agreed(std::string_view offer, const websocket_compression& ours = {})
{
    const auto terms = agree_on_deflate({offer}, ours);
    return terms ? terms->text : "none";
}

constexpr std::string_view fresh = "; server_no_context_takeover; client_no_context_takeover";

std::string with(std::string_view more)
{
    return "permessage-deflate" + std::string{fresh.data(), fresh.size()} + std::string{more};
}

}  // namespace

TEST_CASE("what browsers offer is met, with windows that are ours")
{
    CHECK(agreed("permessage-deflate; client_max_window_bits") ==
          with("; client_max_window_bits=12"));
    CHECK(agreed("permessage-deflate") == with(""));
    CHECK(agreed("x-webkit-deflate-frame, permessage-deflate") == with(""));
    CHECK(agreed("Permessage-Deflate ; Server_Max_Window_Bits = \"10\"") ==
          with("; server_max_window_bits=10"));
    const websocket_compression kept{.ours = websocket_compression::context::kept,
                                     .theirs = websocket_compression::context::kept};
    CHECK(agreed("permessage-deflate", kept) == "permessage-deflate");
    CHECK(agreed("permessage-deflate; server_no_context_takeover", kept) ==
          "permessage-deflate; server_no_context_takeover");
    CHECK(agreed("permessage-deflate", {.enabled = false}) == "none");
}

TEST_CASE("who names no window of its own may write the largest")
{
    const auto terms = agree_on_deflate({"permessage-deflate"}, {});
    REQUIRE(terms);
    CHECK(terms->their_window_bits == 15);
    CHECK(terms->our_window_bits == 12);
    const auto small = agree_on_deflate({"permessage-deflate; client_max_window_bits=8"}, {});
    REQUIRE(small);
    CHECK(small->their_window_bits == 9);
    CHECK(small->text == with("; client_max_window_bits=8"));
}

TEST_CASE("an offer that breaks the rules is passed over, and the next one met")
{
    for (const std::string_view bad :
         {"permessage-deflate; unknown", "permessage-deflate; server_no_context_takeover=1",
          "permessage-deflate; server_max_window_bits",
          "permessage-deflate; server_max_window_bits=08",
          "permessage-deflate; server_max_window_bits=16",
          "permessage-deflate; client_max_window_bits=7",
          "permessage-deflate; server_max_window_bits=8",
          "permessage-deflate; client_max_window_bits=",
          "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
          "permessage-deflate;;", "permessage-bzip2", "", "\"", ";"})
    {
        INFO(bad);
        CHECK(agreed(bad) == "none");
        CHECK(agreed(std::string{bad} + ", permessage-deflate") ==
              (bad == "\"" ? "none" : with("")));
    }
}

TEST_CASE("offers on several lines are read in order")
{
    const auto terms = agree_on_deflate(
        {"foo", "permessage-deflate; server_max_window_bits=9, permessage-deflate"}, {});
    REQUIRE(terms);
    CHECK(terms->our_window_bits == 9);
}
