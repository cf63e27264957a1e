#include <cohort/observe/otlp_metrics.hpp>

#include <cohort/base/decimal.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/board/metric_layout.hpp>
#include <cohort/observe/detail/metric_text.hpp>
#include <cohort/observe/detail/otlp_json.hpp>
#include <cohort/observe/json_text.hpp>
#include <cohort/observe/otel_names.hpp>
#include <cohort/observe/trace_context.hpp>
#include <cohort/observe/wall_ahead.hpp>

#include <atomic>
#include <span>
#include <string_view>
#include <utility>

namespace cohort::observe {

using detail::append_number;
using detail::append_value;

namespace {

/// AggregationTemporality: everything since the beginning.
constexpr std::string_view cumulative = R"("aggregationTemporality":2)";

struct began_page {
    std::atomic<std::uint64_t> unix_ns;
};

std::string_view ucum(metric_unit unit) noexcept
{
    switch (unit) {
        case metric_unit::seconds:
            return "s";
        case metric_unit::bytes:
            return "By";
        case metric_unit::number:
            break;
    }
    return "";
}

void append_label(std::string& out, std::string_view label, std::string_view value)
{
    const otel_attribute known = otel_attribute_of(label);
    out += out.empty() ? "{\"key\":" : ",{\"key\":";
    append_json_string(out, known.name);
    out += ",\"value\":";
    const auto number =
        known.type == otel_type::integer ? parse_integer<std::int64_t>(value) : std::nullopt;
    append_attribute_value(out,
                           number ? attribute_value{*number} : attribute_value{std::string{value}});
    out += '}';
}

/// `,"attributes":[…]`, or nothing.
std::string attributes_of(const metric_description& what, const series_reading& of)
{
    std::string all;
    for (std::size_t i = 0; i < of.values.size(); ++i) {
        if (!of.values[i].empty())
            append_label(all, what.labels[i], of.values[i]);
    }
    if (of.slot)
        append_label(all, "slot", decimal{*of.slot}.view());
    return all.empty() ? all : ",\"attributes\":[" + all + ']';
}

/// Puts data points into documents, and opens and closes what has to be around them.
class documents {
public:
    documents(const otlp_resource& of, const reading_time& when, std::uint64_t wall_ahead_ns,
              std::size_t bytes_max)
        : of_{of}, when_{when}, wall_ahead_ns_{wall_ahead_ns}, bytes_max_{bytes_max}
    {}

    void add(const family_reading& family);
    void add(const metrics_health& health);
    [[nodiscard]] std::vector<otlp_document> take() &&;

private:
    void begin(const metric_description& what);
    void add_series(const metric_description& what, const histogram_scale* scale,
                    const series_reading& one);
    void put(const std::string& point);
    void close_metric();
    void close_document();
    [[nodiscard]] std::string opened_point(bool since_when) const;
    [[nodiscard]] std::string counted(const metric_description& what,
                                      const series_reading& one) const;
    [[nodiscard]] std::string measured(const metric_description& what,
                                       const series_reading& one) const;
    [[nodiscard]] std::string spread(const metric_description& what, const histogram_scale& scale,
                                     const series_reading& one) const;
    void append_exemplars(std::string& out, const metric_description& what,
                          const histogram_reading& from) const;

    const otlp_resource& of_;
    reading_time when_;
    std::uint64_t wall_ahead_ns_;
    std::size_t bytes_max_;
    std::vector<otlp_document> made_;
    otlp_document now_;
    std::string head_;       // of the metric, up to its first data point
    std::string_view tail_;  // what ends it
    bool is_additive_ = false;
    bool metric_is_open_ = false;
};

void documents::begin(const metric_description& what)
{
    close_metric();
    const otel_metric known = otel_metric_of(what.name);
    const std::string_view unit = known.unit.empty() ? ucum(what.unit) : known.unit;
    head_ = "{\"name\":";
    append_json_string(head_, known.name);
    head_ += ",\"description\":";
    append_json_string(head_, what.help);
    if (!unit.empty()) {
        head_ += ",\"unit\":";
        append_json_string(head_, unit);
    }
    tail_ = "]}}";
    is_additive_ = known.adds_up && what.across == metric_across::sum;
    if (what.type == metric_type::counter)
        head_.append(",\"sum\":{").append(cumulative).append(R"(,"isMonotonic":true,)");
    else if (what.type == metric_type::histogram)
        head_.append(",\"histogram\":{").append(cumulative).append(",");
    else if (is_additive_)
        head_.append(",\"sum\":{").append(cumulative).append(R"(,"isMonotonic":false,)");
    else
        head_.append(",\"gauge\":{");
    head_ += "\"dataPoints\":[";
}

void documents::put(const std::string& point)
{
    constexpr std::size_t ends = 16;
    if (now_.items > 0 && now_.text.size() + head_.size() + point.size() + ends > bytes_max_)
        close_document();
    if (now_.items == 0)
        detail::open_envelope(
            now_.text,
            {.resources = "resourceMetrics", .scopes = "scopeMetrics", .items = "metrics"}, of_);
    if (metric_is_open_) {
        now_.text += ',';
    } else {
        if (now_.items > 0)
            now_.text += ',';
        now_.text += head_;
        metric_is_open_ = true;
    }
    now_.text += point;
    ++now_.items;
}

void documents::close_metric()
{
    if (std::exchange(metric_is_open_, false))
        now_.text += tail_;
}

void documents::close_document()
{
    close_metric();
    if (now_.items == 0)
        return;
    detail::close_envelope(now_.text);
    made_.push_back(std::exchange(now_, {}));
}

std::string documents::opened_point(bool since_when) const
{
    std::string out = "{";
    if (since_when) {
        append_number(out, "startTimeUnixNano", when_.began_unix_ns);
        out += ',';
    }
    append_number(out, "timeUnixNano", when_.now_unix_ns);
    return out;
}

std::string documents::counted(const metric_description& what, const series_reading& one) const
{
    std::string out = opened_point(true);
    out += attributes_of(what, one);
    if (what.unit == metric_unit::seconds) {
        out += ",\"asDouble\":";
        append_value(out, one.count, what.unit);
    } else {
        out += ',';
        append_number(out, "asInt", one.count);
    }
    return out += '}';
}

std::string documents::measured(const metric_description& what, const series_reading& one) const
{
    std::string out = opened_point(is_additive_);
    out += attributes_of(what, one);
    out += ",\"asDouble\":";
    detail::append_double(out, one.gauge);
    return out += '}';
}

void documents::append_exemplars(std::string& out, const metric_description& what,
                                 const histogram_reading& from) const
{
    bool any = false;
    for (const auto& each : from.exemplars) {
        if (!each)
            continue;
        out += std::exchange(any, true) ? ",{" : ",\"exemplars\":[{";
        append_number(out, "timeUnixNano", each->when_ns + wall_ahead_ns_);
        out += ",\"asDouble\":";
        append_value(out, each->value, what.unit);
        out += ",\"traceId\":\"";
        append_hex(out, trace_id{each->trace[0], each->trace[1]});
        out += "\"}";
    }
    if (any)
        out += ']';
}

std::string documents::spread(const metric_description& what, const histogram_scale& scale,
                              const series_reading& one) const
{
    const histogram_reading& its = one.histogram;
    std::string out = opened_point(true);
    out += attributes_of(what, one);
    out += ',';
    append_number(out, "count", its.count);
    out += ",\"sum\":";
    append_value(out, its.sum, what.unit);
    out += ",\"bucketCounts\":[";
    std::uint64_t below = 0;
    for (const std::uint64_t each : its.not_above(scale)) {
        out.append("\"").append(decimal{each - below}.view()).append("\",");
        below = each;
    }
    out.append("\"").append(decimal{its.count - below}.view()).append("\"],\"explicitBounds\":[");
    bool first = true;
    for (const std::uint64_t each : scale.edges()) {
        if (!std::exchange(first, false))
            out += ',';
        append_value(out, each, what.unit);
    }
    out += ']';
    append_exemplars(out, what, its);
    return out += '}';
}

void documents::add_series(const metric_description& what, const histogram_scale* scale,
                           const series_reading& one)
{
    switch (what.type) {
        case metric_type::counter:
            put(counted(what, one));
            break;
        case metric_type::gauge:
            put(measured(what, one));
            break;
        case metric_type::histogram:
            put(spread(what, *scale, one));
            break;
    }
}

void documents::add(const family_reading& family)
{
    begin(*family.what);
    for (const family_reading::part& part : family.parts) {
        for (const series_reading& each : part.series)
            add_series(*part.what, family.scale, each);
    }
}

void documents::add(const metrics_health& health)
{
    const metric_description overflows = overflows_description();
    begin(overflows);
    for (const auto& [name, times] : health.overflows) {
        const std::vector<std::string> values{name};
        add_series(overflows, nullptr, {.values = values, .count = times});
    }
    const metric_description refused = refused_description();
    begin(refused);
    add_series(refused, nullptr, {.count = health.refused});
}

std::vector<otlp_document> documents::take() &&
{
    close_document();
    return std::move(made_);
}

}  // namespace

std::vector<otlp_document> otlp_metrics(const otlp_resource& of, const metrics_reading& what,
                                        const reading_time& when, std::size_t bytes_max)
{
    if (what.families.empty())
        return {};
    documents all{of, when, what.wall_ahead_ns, bytes_max};
    for (const family_reading& each : what.families)
        all.add(each);
    all.add(what.health);
    return std::move(all).take();
}

result<std::uint64_t> counting_since(const board::commons& where)
{
    COHORT_TRY(const auto area, where.area(board::metric_began_area, sizeof(began_page)));
    std::atomic<std::uint64_t>& known = board::area_as<began_page>(area).unix_ns;
    std::uint64_t since = known.load(std::memory_order_acquire);
    if (since != 0)
        return since;
    const std::uint64_t first = now_ns() + wall_ahead_ns();
    return known.compare_exchange_strong(since, first) ? first : since;
}

}  // namespace cohort::observe
