#pragma once
// How a server knows the connections that it gave away. For takeover.cpp and the server.

#include <cohort/http/takeover.hpp>

#include <cstdint>
#include <functional>

namespace cohort::http {

/// One of them: an element of the server's list. A resource of its connection_place.
struct place_entry {
    place_entry(server& among, int number, client_counts::entry* its_client) noexcept;
    place_entry(const place_entry&) = delete;
    place_entry& operator=(const place_entry&) = delete;
    ~place_entry();

    enum class told : std::uint8_t { nothing, drain, cut };

    server* of;  ///< Null: it is gone.
    const int descriptor;
    client_counts::entry* const counted_as;
    place_entry* prev = nullptr;
    place_entry* next = nullptr;
    std::move_only_function<void(farewell) noexcept> hear;
    place_tenant* tenant = nullptr;
    std::uint32_t running = 0;
    told so_far = told::nothing;
};

/// One that is being told something; what it does may tell others. On the stack.
struct told_now {
    place_entry* who;  ///< Null: it has let go.
    told_now* outer;
};

}  // namespace cohort::http
