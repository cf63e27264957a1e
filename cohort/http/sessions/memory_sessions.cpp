#include <cohort/http/sessions/memory_sessions.hpp>

#include <algorithm>

namespace cohort::http {

using guard = std::lock_guard<std::mutex>;

std::optional<std::string> memory_sessions::get(const session_key& key, std::int64_t now)
{
    const guard held{mutex_};
    const auto at = find(key.bytes, now);
    return at ? std::optional{(*at)->second.bytes} : std::nullopt;
}

stored memory_sessions::create(const session_key& key, entry what, std::int64_t now)
{
    const guard held{mutex_};
    if (what.bytes.size() > most_.bytes || most_.sessions == 0)
        return stored::full;
    if (const auto at = find(key.bytes, now))
        remove(*at);
    if (!make_room({.sessions = 1, .bytes = what.bytes.size()}, now))
        return stored::full;
    put(key.bytes, what);
    return stored::done;
}

stored memory_sessions::replace(const session_key& key, entry what, std::int64_t now)
{
    const guard held{mutex_};
    const auto at = find(key.bytes, now);
    return at ? change(*at, what, now) : stored::absent;
}

stored memory_sessions::renew(const session_key& key, std::string_view seen, entry what,
                              std::int64_t now)
{
    const guard held{mutex_};
    const auto at = find(key.bytes, now);
    if (!at)
        return stored::absent;
    return (*at)->second.bytes == seen ? change(*at, what, now) : stored::done;
}

stored memory_sessions::erase(const session_key& key, std::int64_t now)
{
    const guard held{mutex_};
    const auto at = find(key.bytes, now);
    if (!at)
        return stored::absent;
    remove(*at);
    return stored::done;
}

std::size_t memory_sessions::size() const
{
    const guard held{mutex_};
    return all_.size();
}

std::uint64_t memory_sessions::refused() const
{
    const guard held{mutex_};
    return refused_;
}

std::optional<memory_sessions::place> memory_sessions::find(const name& key, std::int64_t now)
{
    const auto at = all_.find(key);
    if (at == all_.end())
        return std::nullopt;
    if (now < at->second.until)
        return at;
    remove(at);
    return std::nullopt;
}

stored memory_sessions::change(place at, entry what, std::int64_t now)
{
    const name key = at->first;
    const std::size_t before = at->second.bytes.size();
    const std::size_t more = what.bytes.size() - std::min(before, what.bytes.size());
    if (what.bytes.size() > most_.bytes || !make_room({.sessions = 0, .bytes = more}, now))
        return stored::full;
    remove(at);
    put(key, what);
    return stored::done;
}

void memory_sessions::put(const name& key, entry what)
{
    all_.emplace(key, kept{std::string{what.bytes}, what.until});
    by_time_.emplace(what.until, key);
    bytes_ += what.bytes.size();
}

void memory_sessions::remove(place at)
{
    bytes_ -= at->second.bytes.size();
    by_time_.erase({at->second.until, at->first});
    all_.erase(at);
}

bool memory_sessions::make_room(growth by, std::int64_t now)
{
    while (all_.size() + by.sessions > most_.sessions || bytes_ + by.bytes > most_.bytes) {
        if (by_time_.empty() || now < by_time_.begin()->first) {
            ++refused_;
            return false;
        }
        remove(all_.find(by_time_.begin()->second));
    }
    return true;
}

}  // namespace cohort::http
