#include <cohort/http/limiting/rate_limit.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/limits_met.hpp>
#include <cohort/http/limiting/limit_table.hpp>
#include <cohort/observe/log.hpp>

#include <fmt/format.h>

#include <bit>
#include <optional>
#include <span>
#include <utility>
#include <vector>

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
          area_{area_name(choices_), limit_table::bytes_for(choices_.keys)}
    {}

    shared_limit(const shared_limit&) = delete;
    shared_limit& operator=(const shared_limit&) = delete;
    ~shared_limit() { ::operator delete[](own_.load(), std::align_val_t{64}); }

    std::optional<response> before(request& of)
    {
        const auto key = choices_.key.of(of);
        if (!key)
            return std::nullopt;
        const limit_table in = table();
        const std::uint64_t hash = in.hash(*key);
        const limit_ruling made = in.hit(rule_, hash, now());
        detail::limits_met& met = detail::limits_met_by(of);
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

    limit_table table()
    {
        const auto found = area_.find();
        return found ? limit_table{*found} : own_table(found.error());
    }

    /// The commons are full: then this process counts for itself, and all of them allow more.
    limit_table own_table(const fault& why)
    {
        static constexpr auto allocate = [](std::size_t bytes) {
            return new (std::align_val_t{64}) std::byte[bytes]{};
        };
        const std::size_t bytes = limit_table::bytes_for(choices_.keys);
        std::byte* mine = own_.load(std::memory_order_acquire);
        if (mine == nullptr) {
            std::byte* const fresh = allocate(bytes);
            if (own_.compare_exchange_strong(mine, fresh)) {
                mine = fresh;
                log::error("limit {} is not shared: {}; going on, with each worker counting alone",
                           choices_.name, why.text());
            } else {
                ::operator delete[](fresh, std::align_val_t{64});
            }
        }
        return limit_table{{mine, bytes}};
    }

    rate_limit_options choices_;
    limit_rule rule_;
    date_clock dates_ = machine_clock();
    board::common_area area_;
    std::atomic<std::byte*> own_{nullptr};
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
