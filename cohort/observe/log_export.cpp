#include <cohort/observe/log_export.hpp>

#include <cohort/base/try.hpp>

#include <new>
#include <utility>

namespace cohort::observe {

result<log_export> log_export::in(const board::commons& where)
{
    COHORT_TRY(const auto area, where.area("logs/1/wanted", sizeof(page)));
    return log_export{where, board::area_as<page>(area)};
}

log_export::~log_export() { delete ring_.load(); }

const export_ring* log_export::found() noexcept
{
    if (const export_ring* const known = ring_.load(std::memory_order_acquire))
        return known;
    const auto there = ring();
    if (!there)
        return nullptr;
    const auto* const made = new (std::nothrow) export_ring{*there};
    const export_ring* nobody = nullptr;
    if (made != nullptr && !ring_.compare_exchange_strong(nobody, made)) {
        delete made;
        return nobody;
    }
    return made;
}

void log_export::leave(std::string_view line) noexcept
{
    if (!is_wanted())
        return;
    const export_ring* const to = found();
    if (to == nullptr || to->publish("line", line) != export_ring::outcome::published)
        page_->refused.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cohort::observe

namespace cohort::log {

namespace {

std::atomic<observe::log_export*> ours{nullptr};
std::atomic<bool> is_readers_affair{false};

}  // namespace

result<> export_by(const board::commons& where)
{
    if (is_readers_affair)
        return {};
    COHORT_TRY(auto found, observe::log_export::in(where));
    // The one of before stays: another thread may be about to write there.
    ours.store(new observe::log_export{std::move(found)}, std::memory_order_release);
    return {};
}

void export_by_nobody() noexcept { ours.store(nullptr, std::memory_order_release); }

void export_by_reader() noexcept
{
    is_readers_affair = true;
    export_by_nobody();
}

void export_line(std::string_view text) noexcept
{
    if (observe::log_export* const to = ours.load(std::memory_order_acquire))
        to->leave(text);
}

bool is_exported() noexcept
{
    const observe::log_export* const to = ours.load(std::memory_order_acquire);
    return to != nullptr && to->is_wanted();
}

}  // namespace cohort::log
