#include <cohort/observe/exposition.hpp>

#include <cohort/base/append.hpp>
#include <cohort/base/decimal.hpp>
#include <cohort/observe/detail/metric_text.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace cohort::observe {

using detail::append_seconds;
using detail::append_value;

namespace {

void append_number(std::string& out, double value)
{
    if (std::isnan(value))
        out += "NaN";
    else if (std::isinf(value))
        out += value > 0 ? "+Inf" : "-Inf";
    else
        fmt::format_to(std::back_inserter(out), "{}", value);
}

void append_escaped(std::string& out, std::string_view text, bool quotes)
{
    for (const char each : text) {
        if (each == '\\')
            out += "\\\\";
        else if (each == '\n')
            out += "\\n";
        else if (each == '"' && quotes)
            out += "\\\"";
        else
            out += each;
    }
}

void append_label(std::string& out, std::string_view name, std::string_view value)
{
    out += out.empty() ? "" : ",";
    out += name;
    out += "=\"";
    append_escaped(out, value, true);
    out += '"';
}

class page {
public:
    page(exposition_format as, std::uint64_t wall_ahead_ns) noexcept
        : open_{as == exposition_format::openmetrics}, wall_ahead_ns_{wall_ahead_ns}
    {}

    void reserve(const metrics_reading& what);
    void add(const family_reading& family);
    void add(const metrics_health& health);
    std::string take() &&
    {
        if (open_)
            out_ += "# EOF\n";
        return std::move(out_);
    }

private:
    bool begin(const metric_description& what);
    void begin_sample(std::string_view name, std::string_view suffix, std::string_view labels);
    void count(const metric_description& of, std::string_view labels, std::uint64_t value);
    void add_histogram(const metric_description& of, const family_reading& family,
                       const series_reading& series, const std::string& labels);
    void add_bucket(std::string_view begin, std::string_view end, std::uint64_t value);
    void add_exemplar(const metric_description& of, const histogram_reading& from, std::size_t at);
    [[nodiscard]] std::string end_of(std::uint64_t edge, metric_unit unit) const;

    bool open_;
    std::uint64_t wall_ahead_ns_;
    std::string out_;
    std::vector<std::string> ends_;  // of the buckets of the family that is being added
    std::set<std::string, std::less<>> begun_;
};

/// False: OpenMetrics has that family already, as another program's that ran before.
bool page::begin(const metric_description& what)
{
    const std::string_view name = open_ ? what.base() : std::string_view{what.name};
    if (!begun_.emplace(name).second)
        return false;
    const std::string_view unit = word_for(what.unit);
    out_.append("# HELP ").append(name) += ' ';
    append_escaped(out_, what.help, open_);
    out_.append("\n# TYPE ").append(name).append(" ").append(word_for(what.type)) += '\n';
    if (open_ && !unit.empty())
        out_.append("# UNIT ").append(name).append(" ").append(unit) += '\n';
    return true;
}

void page::begin_sample(std::string_view name, std::string_view suffix, std::string_view labels)
{
    out_.append(name).append(suffix);
    if (!labels.empty())
        out_.append("{").append(labels) += '}';
    out_ += ' ';
}

void page::count(const metric_description& of, std::string_view labels, std::uint64_t value)
{
    begin_sample(of.name, "", labels);
    append_value(out_, value, of.unit);
    out_ += '\n';
}

/// As each format's own clients write it: "1", "1.0".
std::string page::end_of(std::uint64_t edge, metric_unit unit) const
{
    std::string text;
    append_value(text, edge, unit);
    if (open_ && !text.contains('.'))
        text += ".0";
    return text;
}

/// Room for all of it, about: a page of thousands of lines would be copied again and again.
void page::reserve(const metrics_reading& what)
{
    constexpr std::size_t line_usual = 128;
    std::size_t lines = 0;
    for (const family_reading& each : what.families) {
        const std::size_t own = each.scale != nullptr ? each.scale->edges().size() + 3 : 1;
        for (const family_reading::part& part : each.parts)
            lines += own * part.series.size() + 3;
    }
    out_.reserve(lines * line_usual);
}

void page::add_exemplar(const metric_description& of, const histogram_reading& from, std::size_t at)
{
    if (open_ && at < from.exemplars.size() && from.exemplars[at]) {
        const exemplar& one = *from.exemplars[at];
        fmt::format_to(std::back_inserter(out_), " # {{trace_id=\"{:016x}{:016x}\"}} ",
                       one.trace[0], one.trace[1]);
        append_value(out_, one.value, of.unit);
        out_ += ' ';
        constexpr std::uint64_t ms = 1'000'000;
        append_seconds(out_, (one.when_ns + wall_ahead_ns_) / ms * ms);
    }
    out_ += '\n';
}

void page::add_bucket(std::string_view begin, std::string_view end, std::uint64_t value)
{
    const decimal number{value};
    append_by(out_, begin.size() + end.size() + 24,
              [&](char* to) { return put(put(put(put(to, begin), end), "\"} "), number.view()); });
}

void page::add_histogram(const metric_description& of, const family_reading& family,
                         const series_reading& series, const std::string& labels)
{
    const histogram_reading& its = series.histogram;
    const auto below = its.not_above(*family.scale);
    std::string begin = of.name + "_bucket{" + labels;
    begin += labels.empty() ? "le=\"" : ",le=\"";
    for (std::size_t i = 0; i < below.size(); ++i) {
        add_bucket(begin, ends_[i], below[i]);
        add_exemplar(of, its, i);
    }
    add_bucket(begin, "+Inf", its.count);
    add_exemplar(of, its, below.size());
    begin_sample(of.name, "_sum", labels);
    append_value(out_, its.sum, of.unit);
    out_ += '\n';
    begin_sample(of.name, "_count", labels);
    out_.append(decimal{its.count}.view()) += '\n';
}

void page::add(const family_reading& family)
{
    if (!begin(*family.what))
        return;
    ends_.clear();
    if (family.scale != nullptr) {
        for (const std::uint64_t edge : family.scale->edges())
            ends_.push_back(end_of(edge, family.what->unit));
    }
    for (const family_reading::part& part : family.parts) {
        for (const series_reading& each : part.series) {
            std::string labels;
            for (std::size_t i = 0; i < each.values.size(); ++i)
                append_label(labels, part.what->labels[i], each.values[i]);
            if (each.slot)
                append_label(labels, "slot", decimal{*each.slot}.view());
            if (part.what->type == metric_type::histogram) {
                add_histogram(*part.what, family, each, labels);
            } else if (part.what->type == metric_type::counter) {
                count(*part.what, labels, each.count);
            } else {
                begin_sample(part.what->name, "", labels);
                append_number(out_, each.gauge);
                out_ += '\n';
            }
        }
    }
}

void page::add(const metrics_health& health)
{
    const metric_description overflows = overflows_description();
    begin(overflows);
    for (const auto& [name, times] : health.overflows) {
        std::string labels;
        append_label(labels, overflows.labels.front(), name);
        count(overflows, labels, times);
    }
    const metric_description refused = refused_description();
    begin(refused);
    count(refused, "", health.refused);
}

}  // namespace

std::string expose(const metrics_reading& what, exposition_format as)
{
    page made{as, what.wall_ahead_ns};
    made.reserve(what);
    for (const family_reading& each : what.families)
        made.add(each);
    made.add(what.health);
    return std::move(made).take();
}

}  // namespace cohort::observe
