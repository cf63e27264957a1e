#include <cohort/http/sessions/shared_sessions.hpp>

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/board/expiring_map.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <utility>

namespace cohort::http {

namespace {

using board::expiring_map;

/// Raise on any change of the map's words, or of what a session is in it.
constexpr int layout = 1;

board::map_shape shape_of(const shared_session_options& how)
{
    return {.entries = how.sessions, .bytes = how.bytes};
}

shared_session_options checked(shared_session_options how)
{
    if (!is_plain_name(how.name, 64))
        throw failure{fault(make_error_code(errc::bad_value), "share sessions",
                            "(the name has 1 to 64 letters, digits, \".\", \"_\" and \"-\")")};
    constexpr std::size_t room = board::commons::room;
    if (how.sessions == 0 || how.sessions > room || how.bytes > room ||
        shape_of(how).area_bytes() > room)
        throw failure{fault(make_error_code(errc::bad_value), "share sessions",
                            "(1 session at least, and all of them in 96 MiB at most)")};
    if (how.bytes_max < 64 || how.bytes_max > expiring_map::bytes_max ||
        how.bytes_max > how.bytes / 2)
        throw failure{fault(make_error_code(errc::bad_value), "share sessions",
                            "(64 <= bytes_max <= 65536, and half of all bytes at most)")};
    return how;
}

/// The area's name says everything that must be the same for all who share it.
std::string area_name(const shared_session_options& how)
{
    const board::map_shape shape = shape_of(how);
    return fmt::format("sessions/{}/{}x{}/{}", layout, shape.sets(), shape.blocks(), how.name);
}

/// The key is a hash, of which every bit is as good as any other.
expiring_map::key map_key(const session_key& of) noexcept
{
    expiring_map::key words{};
    static_assert(sizeof words == sizeof of.bytes);
    std::memcpy(words.data(), of.bytes.data(), sizeof words);
    return words;
}

stored said(expiring_map::outcome what) noexcept
{
    switch (what) {
        case expiring_map::outcome::done:
            return stored::done;
        case expiring_map::outcome::absent:
            return stored::absent;
        case expiring_map::outcome::full:
            break;
    }
    return stored::full;
}

class in_commons final : public shared_sessions {
public:
    explicit in_commons(shared_session_options how)
        : how_{std::move(how)}, area_{area_name(how_), shape_of(how_).area_bytes()}
    {}

    std::optional<std::string> get(const session_key& key, std::int64_t now) override
    {
        const auto in = map();
        return in ? in->get(map_key(key), now) : std::nullopt;
    }

    stored create(const session_key& key, entry what, std::int64_t now) override
    {
        const auto in = map();
        if (!in || what.bytes.size() > how_.bytes_max)
            return stored::full;
        return said(in->put(map_key(key), {what.bytes, what.until}, now));
    }

    stored replace(const session_key& key, entry what, std::int64_t now) override
    {
        const auto in = map();
        if (!in)
            return stored::absent;
        if (what.bytes.size() > how_.bytes_max)
            return stored::full;
        return said(in->replace(map_key(key), {what.bytes, what.until}, now));
    }

    stored renew(const session_key& key, std::string_view seen, entry what,
                 std::int64_t now) override
    {
        const auto in = map();
        if (!in)
            return stored::absent;
        if (what.bytes.size() > how_.bytes_max)
            return stored::full;
        return said(in->renew(map_key(key), seen, {what.bytes, what.until}, now));
    }

    stored erase(const session_key& key, std::int64_t now) override
    {
        const auto in = map();
        return in ? said(in->erase(map_key(key), now)) : stored::absent;
    }

    [[nodiscard]] std::size_t bytes_max() const noexcept override { return how_.bytes_max; }

    totals total() override
    {
        const auto in = map();
        if (!in)
            return {};
        const expiring_map::totals all = in->total();
        return {.expired = all.expired,
                .logged_out = all.evicted,
                .refused = all.refused,
                .recovered = all.recovered,
                .damaged = all.torn};
    }

    std::size_t size() override
    {
        const auto in = map();
        return in ? in->size() : 0;
    }

private:
    std::optional<expiring_map> map()
    {
        const auto found = area_.find();
        if (found)
            return expiring_map{*found, shape_of(how_),
                                how_.full == no_room::refuse ? board::when_full::refuse
                                                             : board::when_full::evict};
        if (!said_so_.exchange(true))
            log::error("sessions {} cannot be kept: {}; going on without: 503 to who needs one",
                       how_.name, found.error().text());
        return std::nullopt;
    }

    shared_session_options how_;
    board::common_area area_;
    std::atomic<bool> said_so_{false};
};

}  // namespace

std::shared_ptr<shared_sessions> shared_sessions::make(shared_session_options how)
{
    return std::make_shared<in_commons>(checked(std::move(how)));
}

}  // namespace cohort::http
