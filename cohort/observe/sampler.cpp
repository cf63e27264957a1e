#include <cohort/observe/sampler.hpp>

#include <cohort/base/parse.hpp>

#include <algorithm>
#include <optional>

namespace cohort::observe {

namespace {

/// These bits of a trace id are random (level 2), and many tracers draw all of it.
constexpr std::uint64_t random_values = std::uint64_t{1} << 56;

std::uint64_t threshold_of(sampler::roots which, double share) noexcept
{
    if (which == sampler::roots::all)
        return 0;
    if (which == sampler::roots::none)
        return random_values;
    const double refused = 1.0 - std::clamp(share, 0.0, 1.0);
    return static_cast<std::uint64_t>(refused * static_cast<double>(random_values));
}

}  // namespace

sampler::sampler(by who, roots which, double share) noexcept
    : by_{who}, threshold_{threshold_of(which, share)}
{}

result<sampler> sampler::parse(std::string_view name, std::string_view argument)
{
    constexpr std::string_view prefix = "parentbased_";
    const bool asks_parent = name.starts_with(prefix);
    const by who = asks_parent ? by::parent : by::trace;
    const std::string_view which = asks_parent ? name.substr(prefix.size()) : name;
    if (which == "always_on")
        return sampler{who, roots::all};
    if (which == "always_off")
        return sampler{who, roots::none};
    if (which != "traceidratio")
        return failed(errc::bad_value, "choose a sampler of traces:", std::string{name});
    const auto share = argument.empty() ? std::optional{1.0} : parse_number(argument);
    if (!share || *share < 0 || *share > 1)
        return failed(errc::bad_value,
                      "sample a share of traces, which is 0 to 1:", std::string{argument});
    return sampler{who, roots::share, *share};
}

bool sampler::samples(const trace_context* parent, const trace_id& id) const noexcept
{
    if (by_ == by::parent && parent != nullptr)
        return parent->sampled();
    return (id.low & (random_values - 1)) >= threshold_;
}

}  // namespace cohort::observe
