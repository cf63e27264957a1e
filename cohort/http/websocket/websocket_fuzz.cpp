// Any bytes behind a handshake, cut anywhere: the socket ends, what the handler gets is within the
// limits, and text is UTF-8.

#include <cohort/async/scope.hpp>
#include <cohort/base/assert.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/http/websocket/detail/conversation.hpp>
#include <cohort/net/poller.hpp>

#include <boost/asio/io_context.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

using namespace cohort;
using namespace cohort::http;
using namespace cohort::http::detail;

namespace {

awaitable<> echo(websocket& socket)
{
    while (auto message = co_await socket.read()) {
        COHORT_ASSERT(message->size() <= 4'096);
        COHORT_ASSERT(!message->is_text() || is_utf8(message->bytes()));
        const auto sent = co_await socket.send(*message);
        if (!sent)
            co_return;
    }
}

struct world {
    world() { COHORT_ASSERT(poller.start().has_value()); }
    boost::asio::io_context loop{1};
    net::poller poller{loop};
};

void drop_output(int end)
{
    std::array<char, 4'096> bytes;
    while (::recv(end, bytes.data(), bytes.size(), 0) > 0) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static world here;
    static const auto options = std::make_shared<const websocket_options>(
        websocket_options{.message_bytes_max = 4'096, .fragments_max = 16});
    if (size < 2)
        return 0;
    // The first byte says how it is compressed, the second into what pieces it is cut.
    const unsigned how = data[0];
    const std::size_t step = data[1] == 0 ? size : data[1];
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return 0;
    unique_fd client{ends[1]};

    websocket_terms terms;
    if ((how & 1U) != 0)
        terms.deflate = deflate_terms{.our_window_bits = 9,
                                      .their_window_bits = 9 + static_cast<int>((how >> 1) % 7),
                                      .we_begin_anew = (how & 0x10U) != 0,
                                      .they_begin_anew = (how & 0x20U) != 0};
    conversation what;
    what.talk = std::make_shared<const websocket_talk>(echo);
    what.target = "/";
    scope jobs{here.loop.get_executor()};
    websocket_core core{
        {taken_connection{unique_fd{ends[0]}, {}, {}}, here.loop, here.poller, terms, *options},
        options};
    jobs.spawn(converse(core, what));
    for (std::size_t at = 2; at < size; at += step) {
        const std::size_t count = std::min(step, size - at);
        if (::send(client.borrow(), data + at, count, MSG_NOSIGNAL) < 0)
            break;
        here.loop.poll();
        drop_output(client.borrow());
    }
    client.reset();
    // Nothing but the end of the connection is left to happen, and it needs no clock.
    for (int turns = 0; jobs.size() != 0; ++turns) {
        COHORT_ASSERT(turns < 10'000);
        here.loop.poll();
    }
    return 0;
}
