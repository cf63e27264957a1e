#include <cohort/http/auth/access.hpp>

#include <cohort/http/problem.hpp>
#include <cohort/http/route.hpp>
#include <cohort/observe/log.hpp>

#include <optional>
#include <stdexcept>

namespace cohort::http {

namespace {

/// What is asked and answered while one request is handled.
struct access_work {
    std::shared_ptr<access_control> by;
    std::shared_ptr<const role_policy> policy;
    bool to_be_asked = false;  // the decision depends on the object
};

using attached_work = std::shared_ptr<access_work>;

access_work& work_of(const request& of)
{
    const auto* found = of.attached<attached_work>();
    if (found == nullptr)
        throw std::logic_error{"no access() around this route"};
    return **found;
}

void say_refused(const request& of, const subject& who, std::string_view wanted,
                 const access_decision& why)
{
    log::info({{"subject", who.id},
               {"permission", wanted},
               {"route", of.pattern()},
               {"reason", why.text()}},
              "access refused");
}

response nobody()
{
    response answer = problem(401, {}, "say who you are");
    answer.header("WWW-Authenticate", "Bearer");
    return answer;
}

std::optional<response> judge(request& of, const std::shared_ptr<access_control>& by)
{
    const route* to = of.route();
    const permission* wanted = to != nullptr ? to->note<permission>() : nullptr;
    auto work = std::make_shared<access_work>(by, by->policy());
    // Open routes, and those that the router made itself (404, 405, OPTIONS): freeze() saw to it
    // that there are no others.
    if (wanted == nullptr) {
        of.attach(std::move(work));
        return std::nullopt;
    }
    const subject* who = of.attached<subject>();
    if (who == nullptr) {
        ++by->counts().unknown;
        return nobody();
    }
    const request& about = of;
    const auto decision = work->policy->decide_about(*who, wanted->name, about);
    work->to_be_asked = decision.verdict == access_verdict::depends;
    if (!decision.is_allowed() && !work->to_be_asked) {
        ++by->counts().refused;
        say_refused(of, *who, wanted->name, decision);
        return problem(403);
    }
    ++by->counts().allowed;
    of.attach(std::move(work));
    return std::nullopt;
}

void look_after(const request& of, response& answer)
{
    const auto* found = of.attached<attached_work>();
    if (found == nullptr || !(*found)->to_be_asked || answer.status() >= 400)
        return;
    ++(*found)->by->counts().unasked;
    log::error({{"route", of.pattern()}},
               "a handler answered without require_access(), though the policy depends on the "
               "object; its answer was withheld");
    answer = problem(500);
}

std::optional<std::string> mistake_in(const route& of, access_control& by)
{
    const permission* wanted = of.note<permission>();
    const bool open = of.note<open_to_all>() != nullptr;
    if (wanted == nullptr && !open)
        return "says not who may use it: note permission{\"…\"} or open_to_all{}";
    if (wanted != nullptr && open)
        return "asks for a permission and is open to all";
    if (wanted != nullptr && !by.need(wanted->name))
        return "permission `" + wanted->name + "` is not one of the policy";
    return std::nullopt;
}

}  // namespace

result<std::uint64_t> access_control::replace(role_policy by)
{
    auto next = std::make_shared<const role_policy>(std::move(by));
    const std::lock_guard held{mutex_};
    for (const std::string& each : needed_) {
        if (!next->knows(each))
            return failed(errc::bad_value, "replace policy", "a route needs " + each);
    }
    policy_ = std::move(next);
    return ++epoch_;
}

std::shared_ptr<const role_policy> access_control::policy() const
{
    const std::lock_guard held{mutex_};
    return policy_;
}

bool access_control::need(const std::string& permission)
{
    const std::lock_guard held{mutex_};
    if (!policy_->knows(permission))
        return false;
    needed_.insert(permission);
    return true;
}

void access(routes& on, std::shared_ptr<access_control> by)
{
    on.check([by](const route& of) { return mistake_in(of, *by); });
    on.use(hooks{.name = "access",
                 .before = [by](request& of) { return judge(of, by); },
                 .after = look_after});
}

namespace detail {

void require(const request& of, object_view about)
{
    access_work& work = work_of(of);
    const permission* wanted = of.route() != nullptr ? of.route()->note<permission>() : nullptr;
    if (wanted == nullptr)
        throw std::logic_error{"require_access() on a route that is open to all"};
    const subject& who = subject_of(of);
    const auto decision = work.policy->decide(who, wanted->name, about);
    work.to_be_asked = false;
    // What a condition about the request gives, one about the object does not take; denials are
    // part of either decision.
    if (decision.is_allowed() || work.policy->decide_about(who, wanted->name, of).is_allowed())
        return;
    ++work.by->counts().refused;
    say_refused(of, who, wanted->name, decision);
    throw refusal{403};
}

bool may(const request& of, std::string_view permission, object_view about)
{
    const access_work& work = work_of(of);
    const subject* who = of.attached<subject>();
    return who != nullptr && work.policy->decide(*who, permission, about).is_allowed();
}

}  // namespace detail

}  // namespace cohort::http
