#pragma once
// For tests of the automaton of a connection.

#include <cohort/http/exchange.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cohort::http::detail {

/// An exchange with its record, fed by hand.
struct stage_play {
    stage_play() = default;
    explicit stage_play(exchange_rules own)
        : rules{own}
    {}

    order feed(std::string_view bytes, std::uint32_t second = 1)
    {
        // As recv would: no more at a time than there is room for.
        order next = order::read;
        while (!bytes.empty()) {
            const std::size_t part = std::min(it.make_room(r), bytes.size());
            REQUIRE(part != 0);
            std::memcpy(r.input.get() + r.end, bytes.data(), part);
            bytes.remove_prefix(part);
            next = it.took(r, part, second);
        }
        return next;
    }
    order plan(body_use use = body_use::buffered, std::uint64_t max = 1000)
    {
        return it.planned(r, body_plan{use, max}, 1);
    }
    order answer(persistence wanted = persistence::keep)
    {
        last = it.settle(r, wanted, exchange::unread::drop);
        return it.done(r, 1);
    }

    exchange_rules rules;
    record r{rules.limits, 32'768};
    exchange it{rules, 1};
    persistence last = persistence::keep;
};

inline constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace cohort::http::detail
