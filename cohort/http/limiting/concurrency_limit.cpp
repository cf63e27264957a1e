#include <cohort/http/limiting/concurrency_limit.hpp>

#include <cohort/base/error.hpp>
#include <cohort/board/commons.hpp>
#include <cohort/http/date_clock.hpp>
#include <cohort/http/detail/limit_memory.hpp>
#include <cohort/http/detail/limits_met.hpp>
#include <cohort/http/detail/retry_after.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/limiting/concurrency_table.hpp>

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::http {

namespace {

/// Tables take one thread of each process, and limits of one name share a table. Held for less than
/// a microsecond; memory of this process, so that no corpse has it.
std::mutex one_at_a_time;

/// One limit. Shared by its hooks and by the places that requests have.
class place_limit {
public:
    explicit place_limit(concurrency_limit_options choices)
        : choices_{std::move(choices)},
          memory_{choices_.name,
                  fmt::format("places/{}/{}", concurrency_table_layout, choices_.name),
                  concurrency_table::bytes_for(choices_.keys)}
    {
        detail::check_limit_name(choices_.name);
        if (choices_.limit < 1 || choices_.limit > concurrency_table::limit_max)
            throw failure{fault(errc::bad_value, "limit concurrency with",
                                "a limit that is not 1 to 1000000")};
        if (choices_.forms != limit_form::draft8)
            choices_.forms = limit_form::none;
    }

    /// One request that has a place. Ends with the request, however that comes about.
    class place {
    public:
        place(std::shared_ptr<place_limit> of, std::uint64_t key, std::size_t slot) noexcept
            : of_{std::move(of)}, key_{key}, slot_{slot}
        {}
        place(place&&) noexcept = default;
        place& operator=(place&&) = delete;
        ~place()
        {
            if (of_)
                of_->leave(key_, slot_);
        }

    private:
        std::shared_ptr<place_limit> of_;
        std::uint64_t key_;
        std::size_t slot_;
    };

    /// Attached: the places of a request.
    struct places {
        std::vector<place> all;
    };

    static std::optional<response> before(const std::shared_ptr<place_limit>& self, request& of)
    {
        const auto key = self->choices_.key.of(of);
        if (!key)
            return std::nullopt;
        const std::uint64_t hash = self->table().hash(*key);
        const auto made = self->enter(of, hash);
        // From here on: should anything below find no memory, the place is free again.
        std::optional<place> its;
        if (made.what == concurrency_table::entry::counted)
            its.emplace(self, hash, of.slot());
        const bool refused = made.what == concurrency_table::entry::refused;
        detail::limits_met& met = of.attachment<detail::limits_met>();
        met.all.push_back(self->statement(hash, made));
        met.hits.push_back({.by = self.get(), .key = hash});
        if (!refused) {
            if (its)
                of.attachment<places>().all.push_back(*std::move(its));
            return std::nullopt;
        }
        ++kit_refusals::here().at_once;
        response answer = limit_refusal(met.all.back());
        write_limit_fields(answer, met.all, self->dates_());
        return answer;
    }

    void after(const request& of, response& answer) const
    {
        if (const auto* const met = of.attached<detail::limits_met>())
            write_limit_fields(answer, met->all, dates_());
    }

private:
    concurrency_table::ruling enter(const request& of, std::uint64_t key)
    {
        using entry = concurrency_table::entry;
        concurrency_table in = table();
        // It was let in before its worker died: its client shall not notice.
        const bool again = of.attempt() > 1;
        const std::lock_guard only{one_at_a_time};
        const auto made =
            again ? in.enter_again(key, of.slot()) : in.enter(key, choices_.limit, of.slot());
        if (limit_counts* const counts = choices_.counts.get()) {
            constexpr auto relaxed = std::memory_order_relaxed;
            (made.what == entry::refused ? counts->refused : counts->admitted)
                .fetch_add(1, relaxed);
            counts->under_way.fetch_add(made.what == entry::counted ? 1 : 0, relaxed);
            counts->uncounted.store(in.uncounted(), relaxed);
        }
        return made;
    }

    void leave(std::uint64_t key, std::size_t slot) noexcept
    {
        concurrency_table in = table();
        if (choices_.counts)
            choices_.counts->under_way.fetch_sub(1, std::memory_order_relaxed);
        const std::lock_guard only{one_at_a_time};
        in.leave(key, slot);
    }

    [[nodiscard]] limit_statement statement(std::uint64_t key,
                                            const concurrency_table::ruling& made) const
    {
        limit_statement told;
        told.name = choices_.name;
        told.partition = detail::octets_of(key);
        told.policy.limit = choices_.limit;
        told.ruling.admitted = made.what != concurrency_table::entry::refused;
        if (made.under_way < choices_.limit)
            told.ruling.remaining = choices_.limit - made.under_way;
        if (!told.ruling.admitted)
            told.ruling.more_in = detail::retry_after_by_chance(choices_.retry_after_max);
        told.form = choices_.forms;
        told.unit = limit_unit::concurrent_requests;
        return told;
    }

    concurrency_table table() noexcept
    {
        const auto at = memory_.find();
        if (at.is == detail::limit_memory::whose::of_this_process)
            return {at.memory, {}};
        return {at.memory, board::commons::here().rows()};
    }

    concurrency_limit_options choices_;
    date_clock dates_ = machine_clock();
    detail::limit_memory memory_;
};

}  // namespace

hooks concurrency_limit(concurrency_limit_options choices)
{
    auto limit = std::make_shared<place_limit>(std::move(choices));
    return {.name = "concurrency_limit",
            .before = [limit](request& of) { return place_limit::before(limit, of); },
            .after = [limit](const request& of, response& answer) { limit->after(of, answer); }};
}

}  // namespace cohort::http
