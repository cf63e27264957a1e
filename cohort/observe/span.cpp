#include <cohort/observe/span.hpp>

#include <cohort/observe/letter_span.hpp>
#include <cohort/observe/tracer.hpp>

#include <algorithm>

namespace cohort::observe {

namespace {

/// Most spans have about so many; then there is one allocation for all.
constexpr std::size_t usual_attributes = 12;

}  // namespace

span& span::operator=(span&& other) noexcept
{
    if (this != &other) {
        end();
        by_ = std::exchange(other.by_, nullptr);
        data_ = std::move(other.data_);
    }
    return *this;
}

bool span::may_be_kept() const noexcept
{
    return by_ != nullptr &&
           ((data_.context.sampled() && by_->options().recorded) || by_->looks_back());
}

bool span::would_be_kept() const noexcept
{
    return by_ != nullptr && by_->reason_to_keep(data_) != tracer::reason::none;
}

std::string span::carried() const
{
    return may_be_kept() ? observe::carried(context()) : std::string{};
}

span span::child(std::string name, span_kind kind) const
{
    if (by_ == nullptr)
        return {};
    return by_->begin(
        {.kind = kind, .name = std::move(name), .parent = &data_.context, .is = parentage::local});
}

span& span::event(literal name)
{
    if (!may_be_kept())
        return *this;
    if (data_.events.size() < by_->options().events_max)
        data_.events.push_back({.name = name.text, .when = by_->options().clock()});
    else
        ++data_.dropped_events;
    return *this;
}

span& span::fail(std::string_view message)
{
    data_.status = span_status::error;
    if (may_be_kept())
        data_.message = message.substr(0, by_->options().value_bytes_max);
    return *this;
}

void span::end() noexcept
{
    if (tracer* const by = std::exchange(by_, nullptr))
        by->ended(data_);
}

void span::put(std::string_view key, attribute_value value)
{
    const trace_options& bounds = by_->options();
    if (auto* const text = std::get_if<std::string>(&value))
        text->resize(std::min(text->size(), bounds.value_bytes_max));
    const auto same = std::ranges::find(data_.attributes, key, &span_attribute::key);
    if (same != data_.attributes.end()) {
        same->value = std::move(value);
        return;
    }
    if (data_.attributes.size() >= bounds.attributes_max) {
        ++data_.dropped_attributes;
        return;
    }
    data_.attributes.reserve(usual_attributes);
    data_.attributes.push_back({key, std::move(value)});
}

}  // namespace cohort::observe
