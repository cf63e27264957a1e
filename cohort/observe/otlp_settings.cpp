#include <cohort/observe/otlp_settings.hpp>

#include <cohort/base/parse.hpp>
#include <cohort/base/version.hpp>
#include <cohort/observe/baggage.hpp>
#include <cohort/observe/detail/header_words.hpp>

#include <fmt/format.h>

#include <cstdlib>

namespace cohort::observe {

namespace {

/// Reads variables, and complains.
class reading {
public:
    reading(const environment_reader& variable, std::vector<std::string>& complaints)
        : variable_{variable}, complaints_{complaints}
    {}

    [[nodiscard]] std::optional<std::string_view> text(const std::string& name) const
    {
        const auto value = variable_(name.c_str());
        return value && !value->empty() ? value : std::nullopt;
    }

    void complain(const std::string& name, std::string_view expected)
    {
        complaints_.push_back(fmt::format("{}: expected {}; going on without it", name, expected));
    }

    /// Sets `into` if there is a number.
    template <class T>
    void number(const std::string& name, T& into, std::size_t least)
    {
        const auto said = text(name);
        if (!said)
            return;
        const auto value = parse_integer<std::uint32_t>(*said);
        if (value && *value >= least)
            into = T{*value};
        else
            complain(name, fmt::format("a number from {}", least));
    }

    /// "true", whatever its case; anything else is false.
    [[nodiscard]] bool is_true(const std::string& name)
    {
        const auto said = text(name);
        if (!said)
            return false;
        std::string small;
        for (const char c : *said)
            small += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        if (small != "true" && small != "false")
            complain(name, "true or false");
        return small == "true";
    }

private:
    const environment_reader& variable_;
    std::vector<std::string>& complaints_;
};

/// The words of one signal in names and paths.
struct signal_names {
    std::string_view variable;  // "TRACES"
    std::string_view path;      // "v1/traces"
};

/// "OTEL_EXPORTER_OTLP_TRACES_X" if that is set, else "OTEL_EXPORTER_OTLP_X".
std::string nearest(const reading& from, const signal_names& signal, std::string_view what)
{
    std::string own = fmt::format("OTEL_EXPORTER_OTLP_{}_{}", signal.variable, what);
    return from.text(own) ? own : fmt::format("OTEL_EXPORTER_OTLP_{}", what);
}

void read_address(const reading& from, const signal_names& signal, otlp_target& into)
{
    const auto own = from.text(fmt::format("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.variable));
    if (own) {
        into.address = *own;  // as it is, no path is added
        into.wanted = true;
        return;
    }
    const auto base = from.text("OTEL_EXPORTER_OTLP_ENDPOINT");
    into.wanted = base.has_value();
    into.address = base.value_or("http://localhost:4318");
    if (!into.address.ends_with('/'))
        into.address += '/';
    into.address += signal.path;
}

void read_exporter(reading& from, const signal_names& signal, otlp_target& into)
{
    const std::string name = fmt::format("OTEL_{}_EXPORTER", signal.variable);
    const auto said = from.text(name);
    if (!said)
        return;
    into.wanted = *said == "otlp";
    if (*said != "otlp" && *said != "none")
        from.complain(name, "otlp or none");
}

void read_words(reading& from, const signal_names& signal, otlp_target& into)
{
    const std::string headers = nearest(from, signal, "HEADERS");
    if (const auto said = from.text(headers)) {
        if (const auto pairs = parse_pairs(*said)) {
            for (const baggage::member& each : *pairs)
                into.headers.emplace_back(each.key, each.value);
        } else {
            from.complain(headers, "name=value, separated by commas");  // its value is a secret
        }
    }
    from.number(nearest(from, signal, "TIMEOUT"), into.timeout, 1);
    const std::string compression = nearest(from, signal, "COMPRESSION");
    if (const auto said = from.text(compression)) {
        if (*said == "none")
            into.compression = otlp_compression::none;
        else if (*said != "gzip")
            from.complain(compression, "gzip or none");
    }
    const std::string protocol = nearest(from, signal, "PROTOCOL");
    if (const auto said = from.text(protocol); said && *said != "http/json")
        from.complain(protocol, "http/json, which is what we speak");
}

otlp_target read_target(reading& from, const signal_names& signal)
{
    otlp_target into;
    read_address(from, signal, into);
    read_exporter(from, signal, into);
    read_words(from, signal, into);
    return into;
}

otlp_resource read_resource(reading& from, const otlp_identity& us)
{
    otlp_resource of;
    of.set("service.name", us.service);
    if (!us.version.empty())
        of.set("service.version", us.version);
    if (!us.instance.empty())
        of.set("service.instance.id", us.instance);
    const std::string name = "OTEL_RESOURCE_ATTRIBUTES";
    if (const auto said = from.text(name)) {
        if (const auto pairs = parse_pairs(*said)) {
            for (const baggage::member& each : *pairs)
                of.set(each.key, each.value);
        } else {
            from.complain(name, "key=value, separated by commas");
        }
    }
    if (const auto service = from.text("OTEL_SERVICE_NAME"))
        of.set("service.name", std::string{*service});
    of.set("telemetry.sdk.name", "cohort");
    of.set("telemetry.sdk.language", "cpp");
    of.set("telemetry.sdk.version", std::string{version()});
    return of;
}

void read_batching(reading& from, const std::string& prefix, otlp_batching& into)
{
    from.number(prefix + "_SCHEDULE_DELAY", into.delay, 1);
    from.number(prefix + "_EXPORT_TIMEOUT", into.timeout, 1);
    from.number(prefix + "_MAX_EXPORT_BATCH_SIZE", into.items_max, 1);
}

void read_sampler(reading& from, trace_options& into)
{
    const std::string name = "OTEL_TRACES_SAMPLER";
    const auto which = from.text(name);
    if (!which)
        return;
    const auto found = sampler::parse(*which, from.text(name + "_ARG").value_or(""));
    if (found)
        into.which = *found;
    // Whoever says it that plainly wants none, failures or not.
    if (found && *which == "always_off") {
        into.errors = false;
        into.slow = nanoseconds{0};
    }
    if (!found)
        from.complain(name, "a sampler, and a share from 0 to 1 in OTEL_TRACES_SAMPLER_ARG");
}

void read_limits(reading& from, trace_options& into)
{
    from.number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", into.attributes_max, 0);
    from.number("OTEL_SPAN_EVENT_COUNT_LIMIT", into.events_max, 0);
    from.number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", into.value_bytes_max, 0);
    from.number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", into.value_bytes_max, 0);
}

void read_propagators(reading& from, trace_options& into)
{
    const std::string name = "OTEL_PROPAGATORS";
    const auto said = from.text(name);
    if (!said)
        return;
    into.contexts_exchanged = into.baggage_handed_on = false;
    for (std::string_view rest = *said; !rest.empty();) {
        const std::string_view each = detail::trim(detail::cut(rest, ','));
        if (each == "tracecontext")
            into.contexts_exchanged = true;
        else if (each == "baggage")
            into.baggage_handed_on = true;
        else if (each != "none" && !each.empty())
            from.complain(name, "tracecontext, baggage or none");
    }
}

}  // namespace

std::string shown_address(std::string_view address)
{
    const std::string_view shown = address.substr(0, address.find_first_of("?#"));
    const std::size_t scheme = shown.find("://");
    const std::size_t host = scheme == shown.npos ? 0 : scheme + 3;
    const std::string_view authority = shown.substr(host, shown.find('/', host) - host);
    const std::size_t at = authority.rfind('@');
    if (at == authority.npos)
        return std::string{shown};
    return std::string{shown.substr(0, host)}.append(shown.substr(host + at + 1));
}

std::string destinations(const otlp_settings& of)
{
    std::string words;
    const auto add = [&words](std::string_view what, const otlp_target& to) {
        if (to.wanted)
            words += fmt::format("{}{} to {}", words.empty() ? "" : ", ", what,
                                 shown_address(to.address));
    };
    add("spans", of.traces);
    add("metrics", of.metrics);
    add("logs", of.logs);
    return words;
}

std::optional<std::string_view> variable_of_process(const char* name)
{
    const char* const value = std::getenv(name);
    return value != nullptr ? std::optional<std::string_view>{value} : std::nullopt;
}

environment_reader variables_of(const std::map<std::string, std::string>& first)
{
    return [&first](const char* name) -> std::optional<std::string_view> {
        if (const auto found = first.find(name); found != first.end())
            return found->second;
        return variable_of_process(name);
    };
}

otlp_settings otlp_settings_from(const environment_reader& variable, const otlp_identity& us)
{
    otlp_settings all;
    reading from{variable, all.complaints};
    all.resource = read_resource(from, us);
    all.traces = read_target(from, {.variable = "TRACES", .path = "v1/traces"});
    all.metrics = read_target(from, {.variable = "METRICS", .path = "v1/metrics"});
    all.logs = read_target(from, {.variable = "LOGS", .path = "v1/logs"});
    read_batching(from, "OTEL_BSP", all.spans);
    read_batching(from, "OTEL_BLRP", all.lines);
    from.number("OTEL_METRIC_EXPORT_INTERVAL", all.readings.interval, 1);
    from.number("OTEL_METRIC_EXPORT_TIMEOUT", all.readings.timeout, 1);
    read_sampler(from, all.tracing);
    read_limits(from, all.tracing);
    read_propagators(from, all.tracing);
    if (from.is_true("OTEL_SDK_DISABLED"))
        all.traces.wanted = all.metrics.wanted = all.logs.wanted = false;
    all.tracing.recorded = all.traces.wanted;
    return all;
}

}  // namespace cohort::observe
