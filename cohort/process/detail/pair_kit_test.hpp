#pragma once
// What the tests of keepers share: a journal, a keeper, and its notes with a deadline.

#include <cohort/base/clock.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/keeper.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::process::kit {

inline board::journal make_journal()
{
    board::journal::plan what;
    what.records = 4096;
    what.arena_bytes = std::size_t{1} << 20;
    auto made = board::journal::create(what);
    REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().text()));
    return std::move(*made);
}

/// Words that tests and their children share.
struct shared_words {
    static constexpr std::size_t count = 16;
    shared_words()
    {
        void* page =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(page != MAP_FAILED);
        word = ::new (page) std::atomic<std::uint64_t>[count] {};
    }
    shared_words(const shared_words&) = delete;
    shared_words& operator=(const shared_words&) = delete;
    ~shared_words() { ::munmap(word, 4096); }
    std::atomic<std::uint64_t>* word;
};

/// Waits for `claim` with patience; says whether it came true.
template <class Claim>
bool comes_true(Claim claim)
{
    const auto deadline = now() + patience;
    while (now() < deadline) {
        if (claim())
            return true;
        ::poll(nullptr, 0, 1);
    }
    return claim();
}

/// The next note, of any kind.
inline std::optional<received_note> next_note(const unique_fd& line)
{
    const auto deadline = now() + patience;
    while (now() < deadline) {
        auto note = take_note(line.borrow());
        if (!note)
            return std::nullopt;
        if (*note)
            return std::move(**note);
        pollfd look{line.borrow(), POLLIN, 0};
        ::poll(&look, 1, 100);
    }
    return std::nullopt;
}

/// The next note of this kind; others are dropped.
inline std::optional<received_note> next_note(const unique_fd& line, keeper_note::kind what)
{
    while (auto note = next_note(line)) {
        if (note->note.what == what)
            return note;
    }
    return std::nullopt;
}

/// Those who live, as the line says. Births may be told before the death that made room for them.
class roll_call {
public:
    explicit roll_call(const unique_fd& line)
        : line_{line}
    {}
    /// Waits until so many live; the first is who was born first.
    void wait_for(std::size_t count)
    {
        while (living.size() < count)
            take();
    }
    /// Waits until `pid` is told as dead, and forgets it.
    keeper_note wait_for_end_of(pid_t pid)
    {
        while (!ended || ended->pid != pid)
            take();
        std::erase_if(living, [pid](const received_note& one) { return one.note.pid == pid; });
        return *std::exchange(ended, std::nullopt);
    }
    std::vector<received_note> living;

private:
    void take()
    {
        auto note = next_note(line_);
        REQUIRE(note.has_value());
        if (note->note.what == keeper_note::kind::born)
            living.push_back(std::move(*note));
        else if (note->note.what == keeper_note::kind::ended)
            ended = note->note;
    }
    const unique_fd& line_;
    std::optional<keeper_note> ended;
};

inline bool line_ends(const unique_fd& line)
{
    const auto deadline = now() + patience;
    while (now() < deadline) {
        auto note = take_note(line.borrow());
        if (!note)
            return note.error().why() == errc::channel_closed;
        pollfd look{line.borrow(), POLLIN, 0};
        if (!*note)
            ::poll(&look, 1, 100);
    }
    return false;
}

inline void kill_by(const unique_fd& pidfd, int number)
{
    ::syscall(SYS_pidfd_send_signal, pidfd.borrow(), number, nullptr, 0);
}

/// Has the process behind it ended? Waits with patience.
inline bool ended(const unique_fd& pidfd)
{
    pollfd look{pidfd.borrow(), POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    return ::poll(&look, 1, static_cast<int>(ms)) == 1;
}

struct door {
    unique_fd socket;
    sockaddr_in address{};
};

inline door open_door()
{
    door made;
    made.socket = unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(made.socket.valid());
    made.address.sin_family = AF_INET;
    made.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof made.address;
    auto* address = reinterpret_cast<sockaddr*>(&made.address);
    REQUIRE(::bind(made.socket.borrow(), address, size) == 0);
    REQUIRE(::listen(made.socket.borrow(), 128) == 0);
    REQUIRE(::getsockname(made.socket.borrow(), address, &size) == 0);
    return made;
}

inline unique_fd knock(const sockaddr_in& where)
{
    unique_fd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(client.valid());
    REQUIRE(::connect(client.borrow(), reinterpret_cast<const sockaddr*>(&where), sizeof where) ==
            0);
    return client;
}

}  // namespace cohort::process::kit
