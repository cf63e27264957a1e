#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http {

/// One message of a WebSocket. A value; copies share the bytes, which never change, so that one
/// message can wait in the queues of many sockets.
class websocket_message {
public:
    enum class kind : std::uint8_t { text, binary };

    /// Throws cohort::failure (errc::malformed) unless it is UTF-8: a browser would hang up on it.
    [[nodiscard]] static websocket_message text(std::string words);
    [[nodiscard]] static websocket_message binary(std::string bytes);

    /// Bytes that somebody else has as well: text if they are UTF-8.
    [[nodiscard]] static websocket_message shared(std::shared_ptr<const std::string> bytes);

    /// For text whose UTF-8 was checked already.
    [[nodiscard]] static websocket_message checked(kind what, std::string bytes)
    {
        return {what, std::make_shared<const std::string>(std::move(bytes))};
    }

    [[nodiscard]] static websocket_message
    checked(kind what, std::shared_ptr<const std::string> bytes) noexcept
    {
        return {what, std::move(bytes)};
    }

    [[nodiscard]] bool is_text() const noexcept { return kind_ == kind::text; }
    [[nodiscard]] std::string_view bytes() const noexcept { return *bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return bytes_->size(); }

private:
    websocket_message(kind what, std::shared_ptr<const std::string> bytes) noexcept
        : bytes_{std::move(bytes)}, kind_{what}
    {}

    std::shared_ptr<const std::string> bytes_;
    kind kind_;
};

}  // namespace cohort::http
