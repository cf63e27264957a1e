#include <cohort/ipc/message.hpp>

#include <cohort/base/try.hpp>
#include <cohort/ipc/frame.hpp>
#include <cohort/ipc/value_codec.hpp>

#include <cstdint>
#include <cstring>
#include <utility>

namespace cohort::ipc {

namespace {

using origin_length = std::uint16_t;

void append_origin(envelope& to, const std::string& origin)
{
    const auto bytes = static_cast<origin_length>(origin.size());
    to.body.reserve(to.body.size() + origin.size() + sizeof bytes);
    to.body += origin;
    to.body.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    to.flags |= flags::origin;
}

/// Errors: errc::malformed, the body is too short for it.
result<std::string> take_origin(std::string& body)
{
    origin_length bytes = 0;
    if (body.size() < sizeof bytes)
        return failed(errc::malformed, "decode message", "no room for its origin");
    const std::size_t rest = body.size() - sizeof bytes;
    std::memcpy(&bytes, body.data() + rest, sizeof bytes);
    if (bytes > rest || bytes > message::origin_bytes_max)
        return failed(errc::malformed, "decode message", "its origin is longer than it is");
    std::string origin = body.substr(rest - bytes, bytes);
    body.resize(rest - bytes);
    return origin;
}

}  // namespace

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
    copy.origin_ = origin_;
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
    if (!what.origin_.empty() && what.origin_.size() <= origin_bytes_max)
        append_origin(made, what.origin_);
    made.cargo = std::move(what.cargo_);
    what = message{};
    return made;
}

result<message> message::decode(envelope&& from)
{
    if (from.is(flags::of_this_room & ~flags::known))
        return failed(errc::malformed, "decode message", "flags that this build does not know");
    message made;
    if (from.is(flags::origin)) {
        COHORT_TRY(made.origin_, take_origin(from.body));
    }
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
