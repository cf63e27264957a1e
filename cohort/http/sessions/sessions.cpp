#include <cohort/http/sessions/sessions.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/http/cookies/cookie_reader.hpp>
#include <cohort/http/detail/session_keeper.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/kit_refusals.hpp>
#include <cohort/http/problem.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace cohort::http {

namespace {

using detail::session_keeper;
using detail::session_work;

new_cookie cookie_of(const session_options& by, std::string value)
{
    return {.name = by.cookie,
            .value = std::move(value),
            .max_age = by.kept_by_browser ? std::optional{by.absolute} : std::nullopt,
            .site = by.site,
            .also_without_encryption = by.also_without_encryption};
}

/// Options that can be kept, and how long the cookie's line is without a value.
std::size_t checked(const session_options& by)
{
    const auto line = cookie_line(cookie_of(by, {}));
    if (!line)
        throw failure{line.error()};
    if (by.idle.count() < 1 || by.absolute < by.idle || by.absolute > std::chrono::days{400})
        throw failure{fault(make_error_code(errc::bad_value), "set up sessions",
                            "1s <= idle <= absolute <= 400 days")};
    return line->size();
}

/// Does the handler let caches that many people share have this answer?
bool may_be_cached(const response& answer)
{
    const auto said = answer.header("Cache-Control");
    return said && !list_has(*said, "no-store") && !list_has(*said, "private");
}

/// What stands between requests and their sessions. Shared by both hooks.
class desk {
public:
    desk(std::unique_ptr<session_keeper> keeper, session_options by)
        : keeper_{std::move(keeper)}, by_{std::move(by)}
    {
        if (by_.counts == nullptr)
            by_.counts = std::make_shared<session_counts>();
    }

    void open(request& of) const;
    void close(const request& of, response& answer) const;

private:
    [[nodiscard]] bool holds(const session_record& record, std::int64_t now) const;
    [[nodiscard]] bool is_stale(const session_record& record, std::int64_t now) const;
    void touch(session_work& work, response& answer) const;
    void keep(session_work& work, response& answer) const;
    [[nodiscard]] bool leave_old(const session_work& work) const;
    void give_cookie(const session_work& work, std::string value, response& answer) const;
    [[nodiscard]] std::int64_t end_of(const session_record& record, std::int64_t now) const;

    std::unique_ptr<session_keeper> keeper_;
    session_options by_;
};

void desk::open(request& of) const
{
    auto work = std::make_shared<session_work>();
    work->bytes_max = keeper_->bytes_max();
    if (const auto text = cookie(of, by_.cookie)) {
        const std::int64_t now = by_.now();
        auto found = keeper_->find(*text, now);
        if (!found) {
            const bool malformed = found.error() == detail::no_session::malformed;
            ++(malformed ? by_.counts->malformed : by_.counts->unknown);
        } else if (!holds(found->record, now)) {
            ++by_.counts->expired;
            keeper_->forget(found->id);
        } else {
            work->id = found->id;
            work->came_as = std::move(found->id);
            work->record = std::move(found->record);
            work->touched = found->by_old_key || is_stale(work->record, now);
        }
    }
    of.attach(user_session{work});
    of.attach(std::move(work));
}

bool desk::holds(const session_record& record, std::int64_t now) const
{
    // Times are ours: authenticated, or from our store. A clock that was set back is no reason to
    // trust for longer than a minute.
    constexpr std::int64_t leeway = 60;
    return record.created - leeway <= now && now - record.created < by_.absolute.count() &&
           now - record.seen < by_.idle.count();
}

bool desk::is_stale(const session_record& record, std::int64_t now) const
{
    // Written down once a minute at most, or more often where a minute is long.
    const std::int64_t pause = std::min<std::int64_t>(60, by_.idle.count() / 8);
    return now - record.seen >= pause;
}

void desk::close(const request& of, response& answer) const
{
    const auto* attached = of.attached<std::shared_ptr<session_work>>();
    COHORT_ASSERT(attached != nullptr);
    session_work& work = **attached;
    if (work.used && !answer.header("Cache-Control"))
        answer.header("Cache-Control", "no-store");
    if (work.destroyed) {
        ++by_.counts->destroyed;
        if (work.id.empty()) {
            delete_cookie(answer, cookie_of(by_, {}));
            answer.header("Cache-Control", "no-store");
        }
    }
    if (work.destroyed && !work.came_as.empty())
        keeper_->forget(work.came_as);
    if (!work.id.empty() && work.changed)
        keep(work, answer);
    else if (!work.id.empty() && work.touched)
        touch(work, answer);
}

void desk::touch(session_work& work, response& answer) const
{
    // Another request may have changed it since this one began: only its time is ours to write.
    const std::int64_t now = by_.now();
    const auto fresh = keeper_->find_again(work.id, work.record, now);
    if (!fresh)
        return;
    session_record next = *fresh;
    next.seen = now;
    auto kept = keeper_->renew(work.id, *fresh, next, end_of(next, now));
    if (kept.outcome == stored::done)
        give_cookie(work, std::move(kept.cookie), answer);
    else if (kept.outcome == stored::full)
        ++by_.counts->full;  // the session is as good as it was
}

std::int64_t desk::end_of(const session_record& record, std::int64_t now) const
{
    return std::min(now + by_.idle.count(), record.created + by_.absolute.count());
}

void desk::keep(session_work& work, response& answer) const
{
    const std::int64_t now = by_.now();
    const bool anew = work.id != work.came_as;
    if (anew)
        work.record.created = now;
    work.record.seen = now;
    // First, so that a full store need not make room for one of the two by ending the other.
    if (anew && !leave_old(work)) {
        ++by_.counts->unknown;
        return;
    }
    auto kept = keeper_->keep(work.id, work.record, end_of(work.record, now),
                              anew ? session_keeper::how::anew : session_keeper::how::again);
    if (kept.outcome == stored::full) {
        ++by_.counts->full;
        ++kit_refusals::here().no_session;
        answer = overloaded("no room for another session");
        return;
    }
    if (kept.outcome == stored::absent) {
        // Another request ended it meanwhile, and may have set a cookie that we must not touch.
        ++by_.counts->unknown;
        return;
    }
    if (anew)
        ++by_.counts->created;
    give_cookie(work, std::move(kept.cookie), answer);
}

/// After regenerate(): the old id is void, even if there is no room for the new one: brought back,
/// it might survive a logout that comes just then. If it was void already, somebody has ended the
/// session, and it does not go on under the new one.
bool desk::leave_old(const session_work& work) const
{
    return work.came_as.empty() || work.destroyed || keeper_->forget(work.came_as) == stored::done;
}

void desk::give_cookie(const session_work& work, std::string value, response& answer) const
{
    // What a cache may keep is not the place to say again who somebody is: another answer will be.
    if (value.empty() || (!work.changed && may_be_cached(answer)))
        return;
    set_cookie(answer, cookie_of(by_, std::move(value)));
    answer.header("Cache-Control", "no-store");
}

hooks hooks_of(std::shared_ptr<const desk> at)
{
    return {.name = "sessions",
            .before = [at](request& of) -> std::optional<response> {
                at->open(of);
                return std::nullopt;
            },
            .after = [at](const request& of, response& answer) { at->close(of, answer); }};
}

}  // namespace

hooks sessions(std::shared_ptr<session_store> store, session_options more)
{
    checked(more);
    auto keeper = detail::keeper_in_store(std::move(store), more);
    return hooks_of(std::make_shared<const desk>(std::move(keeper), std::move(more)));
}

hooks sessions_in_cookies(const crypto::key_ring& keys, session_options more)
{
    const std::size_t empty_line = checked(more);
    auto keeper = detail::keeper_in_cookies(keys, more, empty_line);
    return hooks_of(std::make_shared<const desk>(std::move(keeper), std::move(more)));
}

}  // namespace cohort::http
