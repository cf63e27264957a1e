#include <cohort/http/tls/certificate_life.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace cohort::http::tls {

expiry_watch::outlook expiry_watch::outlook_of(const certificate_life& of,
                                               std::int64_t now) noexcept
{
    if (of.not_after < now)
        return outlook::expired;
    return of.not_after - now < notice_s ? outlook::ends_soon : outlook::good;
}

std::vector<expiry_watch::news> expiry_watch::look(std::span<const certificate_life> all,
                                                   std::int64_t now)
{
    std::vector<news> out;
    std::vector<told> next;
    for (const certificate_life& each : all) {
        const outlook what = outlook_of(each, now);
        if (what == outlook::good)
            continue;
        const auto before = std::ranges::find(told_, each, &told::of);
        // A clock that was set back is no reason to be silent for longer.
        if (before != told_.end() && before->what == what && std::abs(now - before->at) < day_s) {
            next.push_back(*before);
            continue;
        }
        next.push_back({.of = each, .what = what, .at = now});
        out.push_back({.of = &each, .what = what, .days = std::abs(each.not_after - now) / day_s});
    }
    told_ = std::move(next);
    return out;
}

}  // namespace cohort::http::tls
