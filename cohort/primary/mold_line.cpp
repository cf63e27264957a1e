#include <cohort/primary/mold_line.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/version.hpp>
#include <cohort/board/journal_layout.hpp>
#include <cohort/board/layout.hpp>
#include <cohort/board/ledger_layout.hpp>
#include <cohort/ipc/cargo.hpp>

#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <span>
#include <string_view>

namespace cohort::primary {

namespace {

enum class packet_kind : std::uint32_t { hello = 1, order, answer };

std::array<char, 24> own_version() noexcept
{
    std::array<char, 24> all{};
    const std::string_view words = version();
    std::copy_n(words.begin(), std::min(words.size(), all.size()), all.begin());
    return all;
}

/// Every packet begins with it; a text may follow. What its words mean depends on the kind.
struct packet_head {
    std::uint32_t magic = 0;
    packet_kind kind{};
    std::uint32_t board_layout = board::layout_number;
    std::uint32_t journal_layout = board::journal_layout_number;
    std::uint32_t ledger_layout = board::ledger_layout_number;
    std::uint32_t speech = speech_number;
    std::array<char, 24> version = own_version();
    std::int32_t number = 0;  // hello: exit code; order: slot; answer: pid
    std::uint32_t flag = 0;   // hello: willing
};
constexpr std::uint32_t line_magic = 0x324d'4f43;  // "COM2"

struct packet {
    packet_head head;
    std::string text;
    std::vector<unique_fd> cargo;
};

bool is_gone(const fault& why) noexcept
{
    const int number = why.why().value();
    return why.why().category() == boost::system::system_category() &&
           (number == EPIPE || number == ECONNRESET);
}

result<> send(int line, const packet_head& head, std::string_view text,
              std::span<const unique_fd> cargo)
{
    if (text.size() > mold_text_max)
        return failed(errc::too_large, "talk to a mold");
    packet_head begin = head;
    begin.magic = line_magic;
    const std::array<iovec, 2> bytes{iovec{&begin, sizeof begin},
                                     iovec{const_cast<char*>(text.data()), text.size()}};
    const auto sent = ipc::send_some(line, bytes, cargo);
    if (!sent)
        return is_gone(sent.error()) ? failed(errc::channel_closed, "talk to a mold")
                                     : std::unexpected(sent.error());
    if (*sent == 0)
        return std::unexpected(fault({EAGAIN, boost::system::system_category()}, "talk to a mold"));
    return {};
}

result<> wait_readable(int line, std::optional<nanoseconds> budget)
{
    const auto until = now() + budget.value_or(nanoseconds{0});
    for (;;) {
        int patience = -1;
        if (budget) {
            const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
            patience = left > 0 ? static_cast<int>(left) : 0;
        }
        pollfd ask{.fd = line, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&ask, 1, patience);
        if (ready > 0)
            return {};
        if (ready == -1 && errno != EINTR)
            return failed("wait for a mold");
        if (ready == 0 && budget)
            return failed(errc::deadline_passed, "wait for a mold");
    }
}

result<packet> receive(int line, packet_kind kind, std::optional<nanoseconds> budget)
{
    COHORT_TRY(wait_readable(line, budget));
    packet got;
    got.text.resize(mold_text_max + 1);
    std::array<iovec, 2> into{iovec{&got.head, sizeof got.head},
                              iovec{got.text.data(), got.text.size()}};
    std::deque<ipc::parcel> parcels;
    const auto came = ipc::receive_some(line, into, parcels);
    if (!came || came->what == ipc::arrival::state::end)
        return failed(errc::channel_closed, "hear a mold");
    bool torn = false;
    for (ipc::parcel& each : parcels) {
        torn = torn || each.torn;
        for (unique_fd& fd : each.descriptors)
            got.cargo.push_back(std::move(fd));
    }
    if (torn || came->bytes < sizeof got.head || got.head.magic != line_magic ||
        got.head.kind != kind || came->bytes - sizeof got.head > mold_text_max)
        return failed(errc::malformed, "hear a mold");
    got.text.resize(came->bytes - sizeof got.head);
    return got;
}

}  // namespace

result<std::pair<unique_fd, unique_fd>> make_mold_line()
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
        return failed("make the line to a mold");
    std::pair<unique_fd, unique_fd> both{unique_fd{ends[0]}, unique_fd{ends[1]}};
    // A packet is sent whole or not at all, so the buffer must hold the largest one.
    const int room = 2 * static_cast<int>(mold_text_max);
    for (const int each : ends)
        static_cast<void>(::setsockopt(each, SOL_SOCKET, SO_SNDBUF, &room, sizeof room));
    return both;
}

result<> say(int line, const mold_hello& what)
{
    packet_head head;
    head.kind = packet_kind::hello;
    head.number = what.code;
    head.flag = what.willing ? 1 : 0;
    return send(line, head, what.text, {});
}

result<> say(int line, const mold_order& what)
{
    packet_head head;
    head.kind = packet_kind::order;
    head.number = static_cast<std::int32_t>(what.slot);
    std::vector<unique_fd> cargo;
    for (const unique_fd* each : {&what.board, &what.inbox, &what.hotline, &what.journal}) {
        COHORT_TRY(auto copy, duplicate(*each));
        cargo.push_back(std::move(copy));
    }
    return send(line, head, {}, cargo);
}

result<> say(int line, const mold_answer& what)
{
    packet_head head;
    head.kind = packet_kind::answer;
    head.number = what.keeper;
    std::vector<unique_fd> cargo;
    if (what.keeper != 0) {
        for (const unique_fd* each : {&what.line, &what.pidfd}) {
            COHORT_TRY(auto copy, duplicate(*each));
            cargo.push_back(std::move(copy));
        }
    }
    return send(line, head, what.text, cargo);
}

result<mold_hello> hear_hello(int line, std::optional<nanoseconds> budget)
{
    mold_hello words;
    auto heard = receive(line, packet_kind::hello, budget);
    if (!heard && heard.error().why() != errc::malformed)
        return std::unexpected(std::move(heard).error());
    if (!heard) {
        words.text = "it was built with a version of Cohort that speaks another language; a "
                     "restart can take it in";
        return words;
    }
    const packet_head& head = heard->head;
    words.code = head.number;
    words.willing = head.flag == 1;
    words.text = std::move(heard->text);
    words.ledger_layout = head.ledger_layout;
    words.version.assign(head.version.data(), ::strnlen(head.version.data(), head.version.size()));
    if (words.willing &&
        (head.board_layout != board::layout_number ||
         head.journal_layout != board::journal_layout_number || head.speech != speech_number))
    {
        words.willing = false;
        words.text = fmt::format(
            "it was built with Cohort {} (board layout {}, journal layout {}, speech {}; here "
            "{}, {}, {}); a restart can take it in",
            words.version, head.board_layout, head.journal_layout, head.speech,
            board::layout_number, board::journal_layout_number, speech_number);
    }
    return words;
}

result<mold_order> hear_order(int line, std::optional<nanoseconds> budget)
{
    COHORT_TRY(packet got, receive(line, packet_kind::order, budget));
    if (got.cargo.size() != 4 || got.head.number < 0 ||
        got.head.number >= static_cast<std::int32_t>(board::slots_max))
        return failed(errc::malformed, "hear an order for a mold");
    mold_order what;
    what.slot = static_cast<std::uint32_t>(got.head.number);
    what.board = std::move(got.cargo[0]);
    what.inbox = std::move(got.cargo[1]);
    what.hotline = std::move(got.cargo[2]);
    what.journal = std::move(got.cargo[3]);
    return what;
}

result<mold_answer> hear_answer(int line, std::optional<nanoseconds> budget)
{
    COHORT_TRY(packet got, receive(line, packet_kind::answer, budget));
    mold_answer what;
    what.text = std::move(got.text);
    if (got.head.number == 0)
        return what;
    if (got.head.number < 0 || got.cargo.size() != 2)
        return failed(errc::malformed, "hear a mold's answer");
    what.keeper = got.head.number;
    what.line = std::move(got.cargo[0]);
    what.pidfd = std::move(got.cargo[1]);
    return what;
}

}  // namespace cohort::primary
