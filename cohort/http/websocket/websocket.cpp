#include <cohort/http/websocket/websocket.hpp>

#include <cohort/base/utf8.hpp>
#include <cohort/http/websocket/detail/websocket_core.hpp>

#include <string>
#include <utility>

namespace cohort::http {

namespace {

constexpr std::size_t reason_bytes_max = 123;  // a control frame's 125, without the code

}  // namespace

awaitable<std::optional<websocket_message>> websocket::read() { return core_->read(); }

awaitable<result<>> websocket::send(websocket_message what) { return core_->send(std::move(what)); }

awaitable<result<>> websocket::send(std::string_view text)
{
    return core_->send(websocket_message::text(std::string{text}));
}

bool websocket::try_send(const websocket_message& what) { return core_->try_send(what); }

void websocket::close(close_code code, std::string_view reason)
{
    if (!may_be_sent(code) || reason.size() > reason_bytes_max || !is_utf8(reason))
        throw failure{fault(make_error_code(errc::bad_value), "close WebSocket")};
    core_->begin_close(code, reason);
}

void websocket::spawn(awaitable<> work) { core_->spawn(std::move(work)); }

bool websocket::is_open() const noexcept { return core_->is_open(); }

const websocket_end& websocket::end() const noexcept { return core_->end(); }

std::size_t websocket::queued_messages() const noexcept { return core_->queue().messages(); }

std::size_t websocket::queued_bytes() const noexcept { return core_->queue().bytes(); }

}  // namespace cohort::http
