#include <cohort/http/websocket/message.hpp>

#include <cohort/base/error.hpp>
#include <cohort/base/utf8.hpp>

#include <utility>

namespace cohort::http {

websocket_message websocket_message::text(std::string words)
{
    if (!is_utf8(words))
        throw failure{fault(make_error_code(errc::malformed), "text of a WebSocket message")};
    return checked(kind::text, std::move(words));
}

websocket_message websocket_message::binary(std::string bytes)
{
    return checked(kind::binary, std::move(bytes));
}

websocket_message websocket_message::shared(std::shared_ptr<const std::string> bytes)
{
    const kind what = is_utf8(*bytes) ? kind::text : kind::binary;
    return {what, std::move(bytes)};
}

}  // namespace cohort::http
