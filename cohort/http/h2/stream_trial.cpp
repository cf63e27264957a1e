// What a stream does with a request that is like one which has crashed a worker.
#include <cohort/http/apology.hpp>
#include <cohort/http/fingerprint.hpp>
#include <cohort/http/h2/service.hpp>
#include <cohort/http/h2/session.hpp>
#include <cohort/http/h2/stream.hpp>

#include <unistd.h>

#include <utility>

namespace cohort::http::h2 {

using board::quarantine;

namespace {

quarantine::runner runner_of(const server_options& terms) noexcept
{
    return {.slot = terms.slot, .pid = static_cast<std::uint32_t>(::getpid())};
}

}  // namespace

bool stream::is_kept_from_running()
{
    const quarantine* const table = service_.terms().survival.quarantine;
    if (table == nullptr || table->empty())
        return false;
    const std::uint64_t alike = fingerprint(*asked_);
    using reason = poison_entry::reason;
    switch (table->ask(alike, cohort::now(), runner_of(service_.terms()))) {
        case quarantine::leave::free:
            return false;
        case quarantine::leave::alone:
            trial_ = alike;
            return false;
        case quarantine::leave::refused:
            answer_in_place_of_run(reason::quarantined, alike);
            return true;
        case quarantine::leave::later:
            break;
    }
    // Clients of HTTP/1.1 wait for a while; these are told to come again.
    answer_in_place_of_run(reason::on_trial, alike);
    return true;
}

void stream::answer_in_place_of_run(poison_entry::reason why, std::uint64_t alike)
{
    const poison_entry entry{.verb = top_.verb,
                             .target = asked_->target(),
                             .route = asked_->pattern(),
                             .fingerprint = alike,
                             .why = why,
                             .of = &*asked_};
    if (service_.terms().survival.on_poison)
        service_.terms().survival.on_poison(entry);
    response words = apology(why);
    answer(words);
}

void stream::end_trial(quarantine::ending how) noexcept
{
    const std::uint64_t was = std::exchange(trial_, 0U);
    if (was != 0)
        service_.terms().survival.quarantine->release(was, runner_of(service_.terms()), how);
}

bool stream::runs_unasked(steady_time now) const noexcept
{
    if (!begun_ || streaming_ || !asked_ || trial_ != 0)
        return false;
    return service_.terms().survival.quarantine->suspects(fingerprint(*asked_), now);
}

}  // namespace cohort::http::h2
