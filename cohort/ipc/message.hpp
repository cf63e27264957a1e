#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/ipc/envelope.hpp>
#include <cohort/ipc/value_codec.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::ipc {

/// What one process of an application tells another: a JSON value or plain bytes, with open
/// descriptors if wanted. A resource: it moves; clone() copies.
///
///     co_await worker.send(message::json({{"task", "resize"}, {"id", 7}}));
///     message picture = message::binary(bytes);
///     picture.attach(std::move(connection));     // ipc/handover.hpp makes it from a socket
class message {
public:
    /// Deeper values are refused by both sides.
    static constexpr std::size_t depth_max = value_depth_max;

    message() noexcept = default;  ///< JSON null
    message(message&&) noexcept = default;
    message& operator=(message&&) noexcept = default;

    [[nodiscard]] static message json(boost::json::value value);
    [[nodiscard]] static message binary(std::string bytes);

    [[nodiscard]] bool is_json() const noexcept
    {
        return std::holds_alternative<boost::json::value>(content_);
    }

    /// The value; null if this is binary.
    [[nodiscard]] const boost::json::value& json() const noexcept;
    /// The bytes; empty if this is JSON.
    [[nodiscard]] std::string_view bytes() const noexcept;
    /// Moves the bytes out.
    [[nodiscard]] std::string take_bytes();

    /// Adds a descriptor; it travels with the message and is closed here once sent.
    message& attach(unique_fd descriptor) &;
    message&& attach(unique_fd descriptor) &&;
    [[nodiscard]] const std::vector<unique_fd>& descriptors() const noexcept { return cargo_; }
    [[nodiscard]] std::vector<unique_fd> take_descriptors() noexcept;
    /// Takes the first descriptor out; invalid if there is none.
    [[nodiscard]] unique_fd take_descriptor();

    /// What its sender was at, in words that only tracers read (observe/letter_span.hpp): it goes
    /// along. Empty: nobody said so.
    [[nodiscard]] std::string& origin() noexcept { return origin_; }
    [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
    static constexpr std::size_t origin_bytes_max = 1024;  ///< Longer ones stay here.
    /// This is part of that span: sending it, its way and what becomes of it are seen in its trace.
    ///
    ///     auto question = message::json(7).part_of(http::span_of(request));
    template <class Span>
    message& part_of(const Span& whole) &
    {
        origin_ = whole.carried();
        return *this;
    }
    template <class Span>
    message&& part_of(const Span& whole) &&
    {
        origin_ = whole.carried();
        return std::move(*this);
    }

    /// How many descriptors were sent along but found no room in this process (EMFILE).
    [[nodiscard]] std::size_t descriptors_lost() const noexcept { return lost_; }

    /// A second message with the same content and duplicates of the descriptors.
    /// Errors: EMFILE (again later).
    [[nodiscard]] result<message> clone() const;

    /// As an envelope of `kind`, ready for a channel; `what` is emptied.
    /// Errors: errc::too_large, nested deeper than depth_max or too many descriptors;
    /// errc::bad_value, a number that JSON has no words for. `what` is untouched then.
    [[nodiscard]] static result<envelope> encode(message& what, std::uint16_t kind);

    /// Errors: errc::malformed, the body is not what encode() makes, or nobody here knows what the
    /// envelope's flags say about it.
    [[nodiscard]] static result<message> decode(envelope&& from);

private:
    std::variant<boost::json::value, std::string> content_;
    std::vector<unique_fd> cargo_;
    std::string origin_;
    std::size_t lost_ = 0;
};

}  // namespace cohort::ipc

namespace cohort {
using ipc::message;
}
