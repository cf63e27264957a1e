#include <cohort/observe/letter_span.hpp>

#include <cohort/observe/tracer.hpp>

#include <utility>

namespace cohort::observe {

namespace {

span begin(std::string_view origin, span_kind kind, std::string name, parentage whose)
{
    const auto parent = origin.empty() ? std::nullopt : parse_carried(origin);
    if (!parent)
        return {};
    return tracer::here().begin(
        {.kind = kind, .name = std::move(name), .parent = &*parent, .is = whose});
}

span begin_and_tell(std::string& origin, span_kind kind, literal name, parentage whose)
{
    if (origin.empty())
        return {};
    span made = begin(origin, kind, std::string{name.text}, whose);
    origin = made.carried();
    return made;
}

}  // namespace

std::string carried(const trace_context& what)
{
    std::string words = what.traceparent();
    if (!what.state.empty())
        (words += ' ') += what.state;
    return words;
}

std::optional<trace_context> parse_carried(std::string_view words)
{
    const std::size_t space = words.find(' ');
    auto found = parse_traceparent(words.substr(0, space));
    if (found && space != std::string_view::npos)
        found->state = words.substr(space + 1);
    return found;
}

span begin_sending(std::string& origin, span_kind kind, literal name)
{
    return begin_and_tell(origin, kind, name, parentage::local);
}

span begin_receiving(std::string& origin, span_kind kind, literal name)
{
    return begin_and_tell(origin, kind, name, parentage::cohort);
}

span child_of(std::string_view origin, std::string name)
{
    return begin(origin, span_kind::internal, std::move(name), parentage::local);
}

}  // namespace cohort::observe
