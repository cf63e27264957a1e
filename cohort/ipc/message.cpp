#include <cohort/ipc/message.hpp>

#include <cohort/base/try.hpp>
#include <cohort/ipc/frame.hpp>
#include <cohort/ipc/value_codec.hpp>

#include <utility>

namespace cohort::ipc {

message message::json(boost::json::value value)
{
    message made;
    made.content_ = std::move(value);
    return made;
}

message message::binary(std::string bytes)
{
    message made;
    made.content_ = std::move(bytes);
    return made;
}

const boost::json::value& message::json() const noexcept
{
    static const boost::json::value null;
    const auto* value = std::get_if<boost::json::value>(&content_);
    return value != nullptr ? *value : null;
}

std::string_view message::bytes() const noexcept
{
    const auto* text = std::get_if<std::string>(&content_);
    return text != nullptr ? std::string_view{*text} : std::string_view{};
}

std::string message::take_bytes()
{
    auto* text = std::get_if<std::string>(&content_);
    return text != nullptr ? std::exchange(*text, {}) : std::string{};
}

message& message::attach(unique_fd descriptor) &
{
    cargo_.push_back(std::move(descriptor));
    return *this;
}

message&& message::attach(unique_fd descriptor) &&
{
    cargo_.push_back(std::move(descriptor));
    return std::move(*this);
}

std::vector<unique_fd> message::take_descriptors() noexcept { return std::exchange(cargo_, {}); }

unique_fd message::take_descriptor()
{
    if (cargo_.empty())
        return {};
    unique_fd first = std::move(cargo_.front());
    cargo_.erase(cargo_.begin());
    return first;
}

result<message> message::clone() const
{
    message copy;
    copy.content_ = content_;
    copy.lost_ = lost_;
    copy.cargo_.reserve(cargo_.size());
    for (const unique_fd& one : cargo_) {
        COHORT_TRY(auto second, duplicate(one));
        copy.cargo_.push_back(std::move(second));
    }
    return copy;
}

result<envelope> message::encode(message& what, std::uint16_t kind)
{
    if (what.cargo_.size() > cargo_max)
        return failed(errc::too_large, "encode message", "more than 253 descriptors");
    for (const unique_fd& one : what.cargo_) {
        if (!one.valid())
            return failed(errc::bad_value, "encode message", "an attached descriptor is not open");
    }
    envelope made{kind};
    if (const auto* value = std::get_if<boost::json::value>(&what.content_)) {
        COHORT_TRY(made.body, pack(*value));
        made.flags = flags::json;
    } else {
        made.body = std::move(std::get<std::string>(what.content_));
    }
    made.cargo = std::move(what.cargo_);
    what = message{};
    return made;
}

result<message> message::decode(envelope&& from)
{
    message made;
    if (from.is(flags::json)) {
        COHORT_TRY(auto value, unpack(from.body));
        made.content_ = std::move(value);
    } else {
        made.content_ = std::move(from.body);
    }
    made.cargo_ = std::move(from.cargo);
    made.lost_ = from.cargo_lost;
    return made;
}

}  // namespace cohort::ipc
