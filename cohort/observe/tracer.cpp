#include <cohort/observe/tracer.hpp>

#include <cohort/base/process_id.hpp>
#include <cohort/observe/otlp.hpp>

#include <utility>

namespace cohort::observe {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

std::atomic<tracer*> of_this_process{nullptr};
std::atomic<bool> was_configured{false};

std::uint64_t unix_ns(wall_time when) noexcept
{
    return static_cast<std::uint64_t>(nanoseconds{when.time_since_epoch()}.count());
}

}  // namespace

tracer::tracer(const trace_options& how)
    : tracer{how, span_ring::area_name}
{}

tracer::tracer(const trace_options& how, std::string_view area)
    : how_{how},
      looks_back_{how.recorded && (how.errors || how.slow > nanoseconds{0})},
      ring_{area},
      trouble_{std::string{area} + "/trouble", span_ring::trouble_blocks}
{}

tracer& tracer::here()
{
    if (tracer* const found = of_this_process.load(std::memory_order_acquire))
        return *found;
    static tracer usual{trace_options{}};
    tracer* nobody = nullptr;
    of_this_process.compare_exchange_strong(nobody, &usual);
    return *of_this_process.load();
}

void tracer::configure(const trace_options& how)
{
    was_configured.store(true);
    of_this_process.store(new tracer{how}, std::memory_order_release);
}

void tracer::configure_unless_done(const trace_options& how)
{
    if (!was_configured.load())
        of_this_process.store(new tracer{how}, std::memory_order_release);
}

void tracer::born() noexcept
{
    tracer* const ours = of_this_process.load(std::memory_order_acquire);
    if (ours == nullptr)
        return;
    for (auto* const each :
         {&ours->sampled_, &ours->failed_, &ours->slow_, &ours->too_large_, &ours->refused_})
        each->store(0, relaxed);
}

span tracer::begin(span_origin from)
{
    span_data what;
    what.kind = from.kind;
    what.name = std::move(from.name);
    what.began = from.since ? *from.since : how_.clock();
    const bool is_ours = from.is != parentage::remote;
    const bool goes_on =
        from.parent != nullptr && from.parent->valid() && (is_ours || how_.contexts_exchanged);
    if (goes_on && !how_.recorded) {
        // Those behind us are parts of what is before us, as if we were not in between.
        what.context = *from.parent;
        return span{*this, std::move(what)};
    }
    trace_context& here = what.context;
    // Drawn by us, the last bits of its id are random; of others only they know.
    std::uint8_t flags = trace_context::flag_random;
    if (goes_on) {
        here.trace = from.parent->trace;
        here.state = from.parent->state;
        what.parent = from.parent->span;
        what.parent_is_remote = from.is != parentage::local;
        flags &= from.parent->flags;
    } else {
        here.trace = from.trace.valid() ? from.trace : fresh_trace_id();
        here.untold = !how_.recorded;
    }
    here.span = from.id.valid() ? from.id : fresh_span_id();
    if (samples(from, goes_on ? from.parent : nullptr, here.trace))
        flags |= trace_context::flag_sampled;
    here.flags = flags;
    return span{*this, std::move(what)};
}

bool tracer::samples(const span_origin& from, const trace_context* parent,
                     const trace_id& trace) const noexcept
{
    // Of one of ours it was decided when it began.
    if (parent != nullptr && from.is != parentage::remote)
        return parent->sampled();
    if (!how_.recorded)
        return false;
    return (from.is_rare && looks_back_) || how_.which.samples(parent, trace);
}

tracer::reason tracer::reason_to_keep(const span_data& what) const noexcept
{
    if (!how_.recorded)
        return reason::none;
    if (what.context.sampled())
        return reason::sampled;
    if (how_.errors && what.status == span_status::error)
        return reason::failed;
    if (how_.slow > nanoseconds{0} && how_.coarse_clock() - what.began >= how_.slow)
        return reason::slow;
    return reason::none;
}

void tracer::ended(span_data& what) noexcept
{
    if (const reason why = reason_to_keep(what); why != reason::none)
        record(what, why);
}

void tracer::record(span_data& what, reason why) noexcept
{
    what.attributes.push_back({"process.pid", std::int64_t{process_id()}});
    if (why != reason::sampled)
        what.attributes.push_back({"cohort.kept", why == reason::failed ? "error" : "slow"});
    const steady_time now = how_.clock();
    const std::uint64_t now_unix = unix_ns(wall_now());
    std::string text;
    text.reserve(1024);
    append_span(text, what, {.ended = now, .ended_unix_ns = now_unix});
    const bool troubled = why != reason::sampled || what.status == span_status::error ||
                          (how_.slow > nanoseconds{0} && now - what.began >= how_.slow);
    switch ((troubled ? trouble_ : ring_).publish(text)) {
        case span_ring::outcome::published:
            break;
        case span_ring::outcome::too_large:
            too_large_.fetch_add(1, relaxed);
            return;
        case span_ring::outcome::refused:
            refused_.fetch_add(1, relaxed);
            return;
    }
    std::atomic<std::uint64_t>& count = why == reason::sampled  ? sampled_
                                        : why == reason::failed ? failed_
                                                                : slow_;
    count.fetch_add(1, relaxed);
}

tracer::totals tracer::total() const noexcept
{
    return {.sampled = sampled_.load(relaxed),
            .failed = failed_.load(relaxed),
            .slow = slow_.load(relaxed),
            .too_large = too_large_.load(relaxed),
            .refused = refused_.load(relaxed)};
}

}  // namespace cohort::observe
