#include <cohort/http/detail/redis_script.hpp>

#include <cohort/crypto/hex.hpp>
#include <cohort/crypto/sha1.hpp>

#include <cstdint>

namespace cohort::http::detail {

namespace {

// The same arithmetic as limit_rule's, in microseconds of the server's own clock, so that machines
// need not agree on the time. Answers {admitted, remaining, microseconds until more, what was
// written}: the end of the window in milliseconds, or GCRA's next arrival. What lies further ahead
// than a burst is from before somebody set the server's clock back, or of a longer limit.
constexpr std::string_view hit_text = R"(
local key, kind, limit, span = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if kind == 'window' then
  local count = tonumber(redis.call('GET', key) or '0')
  local left = redis.call('PTTL', key)
  if count == 0 or left < 0 or left > span + 5000 then
    redis.call('SET', key, 1, 'PX', span)
    return {1, limit - 1, span * 1000, math.floor(now / 1000) + span}
  end
  left = math.min(left, span)
  local ends = math.floor(now / 1000) + left
  if count >= limit then return {0, 0, left * 1000, ends} end
  redis.call('INCR', key)
  return {1, limit - count - 1, left * 1000, ends}
end
local whole = limit * span
local used = tonumber(redis.call('GET', key) or '0')
local ahead = math.min(math.max(used - now, 0), whole)
local admitted = 0
if ahead + span <= whole then
  admitted = 1
  ahead = ahead + span
end
if admitted == 1 or used > now + whole + 5000000 then
  redis.call('SET', key, string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
end
local remaining = math.floor((whole - ahead) / span)
return {admitted, remaining, ahead - (limit - remaining - 1) * span, now + ahead}
)";

// Takes one hit back, unless it counts no longer. `written` is what its answer said. Ends of two
// windows are a second apart at least. Answers how many were given back.
constexpr std::string_view give_back_text = R"(
local key, kind, span, written = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local used = tonumber(redis.call('GET', key) or '0')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
if kind == 'window' then
  local ends = math.floor(now / 1000) + redis.call('PTTL', key)
  if used < 1 or math.abs(ends - written) > 400 then return {0} end
  redis.call('DECR', key)
  return {1}
end
if written <= now or used < written then return {0} end
local left = used - span - now
if left <= 0 then
  redis.call('DEL', key)
else
  redis.call('SET', key, string.format('%.0f', used - span), 'PX', math.ceil(left / 1000))
end
return {1}
)";

bool is_window(const limit_rule& by) noexcept
{
    return by.given().kind == limit_kind::fixed_window;
}

/// GCRA's, in microseconds.
std::uint64_t interval_of(const limit_rule::measures& given) noexcept
{
    const auto window = static_cast<std::uint64_t>(given.window.count());
    return (window * 1'000 + given.limit - 1) / given.limit;
}

}  // namespace

redis_script::redis_script(std::string_view its_text)
    : text{its_text}
{
    const auto sum = crypto::sha1(its_text);
    name = crypto::to_hex({sum.data(), sum.size()});
}

const redis_script& hit_script()
{
    static const redis_script one{hit_text};
    return one;
}

const redis_script& give_back_script()
{
    static const redis_script one{give_back_text};
    return one;
}

std::vector<std::string> words_of_hit(const limit_rule& by)
{
    const limit_rule::measures& given = by.given();
    if (is_window(by))
        return {"window", std::to_string(given.limit), std::to_string(given.window.count())};
    return {"gcra", std::to_string(given.burst), std::to_string(interval_of(given))};
}

std::vector<std::string> words_of_give_back(const limit_rule& by, const limit_ruling& hit)
{
    const limit_rule::measures& given = by.given();
    return {is_window(by) ? "window" : "gcra", std::to_string(interval_of(given)),
            std::to_string(hit.next)};
}

}  // namespace cohort::http::detail
