#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/observe/sampler.hpp>
#include <cohort/observe/span.hpp>
#include <cohort/observe/span_ring.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::observe {

/// Which spans are recorded, and how large they may be. A value.
struct trace_options {
    /// false: none is. Ids are there all the same: those of the caller, which are handed on as they
    /// came, else drawn ones, of which others are not told.
    bool recorded = true;

    sampler which = {};

    /// false: what callers say of their traces is not heeded, and nobody is told of ours.
    bool contexts_exchanged = true;
    /// false: what callers hand on ends here.
    bool baggage_handed_on = true;

    /// Spans that fail are recorded, also of traces that are not sampled; they say so
    /// (`cohort.kept`: "error").
    bool errors = true;
    /// And those that take as long as this ("slow"). 0: none.
    nanoseconds slow = seconds{1};

    std::size_t attributes_max = 128;
    std::size_t value_bytes_max = 1024;
    std::size_t events_max = 32;

    steady_time (*clock)() noexcept = &now;
    /// Cheaper, and precise enough to say that something was not slow.
    steady_time (*coarse_clock)() noexcept = &now_coarse;
};

/// Whose span a parent is: of some other service, of another process of this cohort, or of this
/// one. What ours have decided is not decided again.
enum class parentage : std::uint8_t { remote, cohort, local };

/// Where a span begins, and what is known of it then. A value; `name` may come later.
struct span_origin {
    span_kind kind = span_kind::internal;
    std::string name = {};
    const trace_context* parent = nullptr;  ///< Null, or not valid: a trace begins here.
    parentage is = parentage::remote;
    std::optional<steady_time> since = {};  ///< Nothing: now.
    trace_id trace = {};                    ///< Of a trace that begins here; none: drawn.
    span_id id = {};                        ///< None: drawn.
    /// There are few of its kind: recorded wherever failures are, though the sampler says no.
    bool is_rare = false;
};

/// Makes spans, decides which are recorded, and puts those into the ring for the one process that
/// sends them. A resource; any thread.
class tracer {
public:
    explicit tracer(const trace_options& how);
    /// Its rings are areas of that name, and of that name with "/trouble".
    tracer(const trace_options& how, std::string_view area);
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;

    /// The one of this process: as configure() had it, else with the defaults.
    [[nodiscard]] static tracer& here();
    /// Before anybody asks for spans. Who has some from before keeps the tracer of before.
    static void configure(const trace_options& how);
    /// What a process begins with: as configure(), if that was not called yet.
    static void configure_unless_done(const trace_options& how);
    /// This process was forked from one that has recorded spans: it counts its own.
    static void born() noexcept;

    [[nodiscard]] span begin(span_origin from);

    [[nodiscard]] const trace_options& options() const noexcept { return how_; }
    [[nodiscard]] span_ring& ring() noexcept { return ring_; }
    /// Where those are that failed or were slow.
    [[nodiscard]] span_ring& trouble() noexcept { return trouble_; }

    /// Since this process began. A value.
    struct totals {
        std::uint64_t sampled = 0;    ///< Recorded because their trace is.
        std::uint64_t failed = 0;     ///< Recorded because they failed.
        std::uint64_t slow = 0;       ///< Recorded because they were slow.
        std::uint64_t too_large = 0;  ///< Not recorded: no room for so large a one.
        std::uint64_t refused = 0;    ///< Not recorded: the ring took it not.
    };
    [[nodiscard]] totals total() const noexcept;

    // For spans.

    enum class reason : std::uint8_t { none, sampled, failed, slow };
    [[nodiscard]] reason reason_to_keep(const span_data& what) const noexcept;
    /// May spans be kept that are not sampled?
    [[nodiscard]] bool looks_back() const noexcept { return looks_back_; }
    void ended(span_data& what) noexcept;

private:
    void record(span_data& what, reason why) noexcept;
    [[nodiscard]] bool samples(const span_origin& from, const trace_context* parent,
                               const trace_id& trace) const noexcept;

    trace_options how_;
    bool looks_back_;
    span_ring ring_;
    span_ring trouble_;
    std::atomic<std::uint64_t> sampled_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> slow_{0};
    std::atomic<std::uint64_t> too_large_{0};
    std::atomic<std::uint64_t> refused_{0};
};

}  // namespace cohort::observe
