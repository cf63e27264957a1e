#include <cohort/process/keeper.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/descriptors.hpp>
#include <cohort/process/detail/keeper_loop.hpp>
#include <cohort/process/seat_lock.hpp>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

namespace cohort::process {

namespace {

/// Everything that may allocate or fail, before the first twin.
result<> keep(keeping how, int line) noexcept
{
    // It neither serves nor decides: terminals and operators mean others. KILL ends it.
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);

    COHORT_TRY(auto permit, fork_permit::ask());
    COHORT_TRY(const auto maker, twin_maker::prepare(std::move(permit)));
    COHORT_TRY(const auto numbers, detail::keeper_numbers::reserve());
    COHORT_TRY(const auto gate, detail::twin_gate::create());
    unique_fd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!bell.valid())
        return failed("make a bell");
    numbers.settle(numbers.bell(), bell.release());
    numbers.settle(numbers.line(), line);
    detail::bell_number = numbers.bell();

    board::journal_header& journal = how.journal->header();
    COHORT_TRY(seat_lock{journal}.init());
    COHORT_TRY(auto pristine, record_pristine(journal));
    detail::twin_inheritance twins{std::move(how), numbers, gate, std::move(pristine), ::getpid()};
    detail::keeper_loop{twins, maker}.run();
}

[[noreturn]] void give_up(const fault& why) noexcept
{
    const std::string words = "cohort: a keeper could not start: " + why.text() + "\n";
    // Nothing can be done about a standard error that does not take it.
    [[maybe_unused]] const auto lost = ::write(STDERR_FILENO, words.data(), words.size());
    ::_exit(stillborn);
}

}  // namespace

result<kept_pair> start_keeper(fork_permit permit, keeping how)
{
    if (!how.journal || !how.life)
        return failed(errc::bad_value, "start a keeper");
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
        return failed("make a keeper's line");
    unique_fd ours{ends[0]};
    const unique_fd its{ends[1]};

    birth born;
    born.title = how.title;
    born.keep = how.keep;
    born.keep.insert(born.keep.end(), {its.borrow(), how.journal->fd().borrow()});
    born.user = how.user;
    born.box = how.box;
    born.sandbox_entry = birth::entering::later;
    born.orphan = how.orphan;
    const int line = its.borrow();
    COHORT_TRY(auto keeper, clone(std::move(permit), born, [&how, line]() noexcept {
                   const auto never = keep(std::move(how), line);
                   give_up(never.error());
               }));
    return kept_pair{std::move(keeper), std::move(ours)};
}

void tell_ready(board::journal_header& journal) noexcept
{
    if (journal.tenant.load(std::memory_order_acquire) != static_cast<std::uint32_t>(::getpid()))
        return;
    journal.ready.store(1, std::memory_order_release);
    ring_keeper();
}

void ring_keeper() noexcept
{
    if (detail::bell_number == -1)
        return;
    const int before = errno;
    const std::uint64_t once = 1;
    // A full counter has rung already.
    [[maybe_unused]] const auto rung = ::write(detail::bell_number, &once, sizeof once);
    errno = before;
}

namespace {

/// The descriptors that came with a message, owned from now on.
std::array<unique_fd, 2> take_cargo(msghdr& message)
{
    std::array<unique_fd, 2> cargo;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            unique_fd owned{fd};
            if (i < cargo.size())
                cargo[i] = std::move(owned);
        }
    }
    return cargo;
}

bool makes_sense(const received_note& what, ssize_t bytes) noexcept
{
    if (bytes != static_cast<ssize_t>(sizeof what.note))
        return false;
    switch (what.note.what) {
        case keeper_note::kind::born:
            return what.channel.valid() && what.pidfd.valid();
        case keeper_note::kind::ended:
        case keeper_note::kind::waiting:
        case keeper_note::kind::shortage:
            return true;
    }
    return false;
}

}  // namespace

result<std::optional<received_note>> take_note(int line)
{
    received_note taken{};
    iovec bytes{&taken.note, sizeof taken.note};
    alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(2 * sizeof(int))> room{};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    ssize_t got = -1;
    do {
        got = ::recvmsg(line, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got == -1 && errno == EINTR);
    if (got == -1 && errno == EAGAIN)
        return std::nullopt;
    if (got == 0 || (got == -1 && errno == ECONNRESET))
        return failed(errc::channel_closed, "read a keeper's line");
    if (got == -1)
        return failed("read a keeper's line");
    auto cargo = take_cargo(message);
    taken.channel = std::move(cargo[0]);
    taken.pidfd = std::move(cargo[1]);
    if (!makes_sense(taken, got))
        return failed(errc::malformed, "read a keeper's line");
    return taken;
}

result<> give_order(int line, keeper_order what)
{
    for (;;) {
        if (::send(line, &what, sizeof what, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
            return {};
        if (errno == EPIPE || errno == ECONNRESET)
            return failed(errc::channel_closed, "give a keeper an order");
        if (errno != EINTR)
            return failed("give a keeper an order");
    }
}

}  // namespace cohort::process
