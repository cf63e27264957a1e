#include <cohort/http/limiting/rate_limit.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/limit_memory.hpp>
#include <cohort/http/detail/limits_met.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/limiting/limit_table.hpp>

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace cohort::http {

namespace {

using detail::limits_met;

/// One limit. Shared by the two halves of its hooks.
class shared_limit {
public:
    explicit shared_limit(rate_limit_options choices)
        : choices_{std::move(choices)},
          rule_{detail::checked_rule(choices_.name, {.limit = choices_.limit,
                                                     .window = choices_.window,
                                                     .burst = choices_.burst,
                                                     .kind = choices_.kind})},
          memory_{choices_.name, area_name(choices_), limit_table::bytes_for(choices_.keys)}
    {}

    std::optional<response> before(request& of)
    {
        const auto key = choices_.key.of(of);
        if (!key)
            return std::nullopt;
        const limit_table in = table();
        const std::uint64_t hash = in.hash(*key);
        const limit_ruling made = in.hit(rule_, hash, now());
        detail::limits_met& met = of.attachment<detail::limits_met>();
        met.all.push_back({.name = choices_.name,
                           .partition = detail::octets_of(hash),
                           .policy = rule_.given(),
                           .ruling = made,
                           .form = choices_.forms});
        met.hits.push_back({.by = this, .key = hash});
        count(made.admitted ? &limit_counts::admitted : &limit_counts::refused);
        if (choices_.counts)
            choices_.counts->evicted.store(in.evicted(), std::memory_order_relaxed);
        if (made.admitted)
            return std::nullopt;
        ++kit_refusals::here().rate_limited;
        response answer = limit_refusal(met.all.back());
        write_limit_fields(answer, met.all, dates_());
        return answer;
    }

    void after(const request& of, response& answer)
    {
        const limits_met* const met = of.attached<limits_met>();
        if (met == nullptr)
            return;
        write_limit_fields(answer, met->all, dates_());
        const bool failed = answer.status() >= 400;
        if (choices_.skip != (failed ? limit_skip::failed : limit_skip::successful))
            return;
        for (std::size_t i = 0; i < met->hits.size(); ++i) {
            if (met->hits[i].by != this)
                continue;
            table().give_back(rule_, met->hits[i].key, met->all[i].ruling.next, now());
            count(&limit_counts::given_back);
            return;
        }
    }

private:
    static std::string area_name(const rate_limit_options& of)
    {
        return fmt::format("limits/{}/{}/{}", limit_table_layout,
                           of.kind == limit_kind::gcra ? "gcra" : "window", of.name);
    }

    [[nodiscard]] std::uint64_t now() const noexcept
    {
        return choices_.clock != nullptr ? choices_.clock() : now_ns();
    }

    void count(std::atomic<std::uint64_t> limit_counts::* what) const noexcept
    {
        if (choices_.counts)
            ((*choices_.counts).*what).fetch_add(1, std::memory_order_relaxed);
    }

    limit_table table() { return limit_table{memory_.find().memory}; }

    rate_limit_options choices_;
    limit_rule rule_;
    date_clock dates_ = machine_clock();
    detail::limit_memory memory_;
};

}  // namespace

hooks rate_limit(rate_limit_options choices)
{
    auto limit = std::make_shared<shared_limit>(std::move(choices));
    return {.name = "rate_limit",
            .before = [limit](request& of) { return limit->before(of); },
            .after = [limit](const request& of, response& answer) { limit->after(of, answer); }};
}

}  // namespace cohort::http
