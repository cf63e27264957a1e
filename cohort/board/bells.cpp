#include <cohort/board/bells.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/base/random.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <new>
#include <utility>

namespace cohort::board {

namespace {

/// An abstract name: it belongs to no file, and goes with its socket.
struct bell_name {
    sockaddr_un address{};
    socklen_t length = 0;

    bell_name(std::uint64_t cohort, std::uint64_t who) noexcept
    {
        address.sun_family = AF_UNIX;
        const int bytes = std::snprintf(
            address.sun_path + 1, sizeof address.sun_path - 1, "cohort-bell-%016llx-%016llx",
            static_cast<unsigned long long>(cohort), static_cast<unsigned long long>(who));
        length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                        static_cast<std::size_t>(bytes));
    }
    [[nodiscard]] const sockaddr* get() const noexcept
    {
        return reinterpret_cast<const sockaddr*>(&address);
    }
};

unique_fd datagram_socket() noexcept
{
    return unique_fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

}  // namespace

bells::bells(std::span<std::byte> area, std::uint64_t identity) noexcept
    : identity_{identity}, sender_{datagram_socket()}
{
    COHORT_ASSERT(area.size() >= sizeof(bell_table));
    in_ = std::launder(reinterpret_cast<bell_table*>(area.data()));
}

void bells::ring() const noexcept
{
    for (std::size_t i = 0; i < in_->sleeping.size(); ++i) {
        std::uint64_t left = in_->sleeping[i].load();
        while (left != 0) {
            const std::uint64_t bit = left & (~left + 1);
            left &= ~bit;
            // Of several that ring at once, one does.
            if ((in_->sleeping[i].fetch_and(~bit) & bit) == 0)
                continue;
            in_->rung.fetch_add(1, std::memory_order_relaxed);
            std::atomic<std::uint64_t>& row =
                in_->who[i * 64 + static_cast<std::size_t>(std::countr_zero(bit))];
            std::uint64_t who = row.load();
            if (who != 0 && !reach(who))
                row.compare_exchange_strong(who, 0);
        }
    }
}

/// False: nobody has that socket any more.
bool bells::reach(std::uint64_t who) const noexcept
{
    if (!sender_.valid())
        return true;  // who knows
    const bell_name name{identity_, who};
    const char one = 1;
    // A socket whose buffer is full has been rung often enough.
    return ::sendto(sender_.borrow(), &one, 1, MSG_DONTWAIT | MSG_NOSIGNAL, name.get(),
                    name.length) != -1 ||
           errno != ECONNREFUSED;
}

result<bells::bell> bells::hang() const
{
    const std::uint64_t who = random_source::from_kernel().next() | 1U;
    unique_fd socket = datagram_socket();
    if (!socket.valid())
        return failed("make a socket to be woken up by");
    const bell_name name{identity_, who};
    if (::bind(socket.borrow(), name.get(), name.length) == -1)
        return failed("bind a socket to be woken up by");
    // The socket first: who is in a row can be reached.
    const auto row = take_row(who);
    if (!row)
        return failed(errc::queue_full, "hang a bell");
    return bell{*in_, *row, who, std::move(socket)};
}

std::optional<std::size_t> bells::take_row(std::uint64_t who) const noexcept
{
    // First those that are free, then those of the dead.
    for (const bool look_at_others : {false, true}) {
        for (std::size_t i = 0; i < in_->who.size(); ++i) {
            std::uint64_t there = in_->who[i].load();
            if (there != 0 && (!look_at_others || reach(there)))
                continue;
            if (in_->who[i].compare_exchange_strong(there, who))
                return i;
        }
    }
    return std::nullopt;
}

bells::bell::bell(bell_table& in, std::size_t row, std::uint64_t who, unique_fd socket) noexcept
    : in_{&in}, row_{row}, who_{who}, socket_{std::move(socket)}
{}

bells::bell::bell(bell&& other) noexcept
    : in_{std::exchange(other.in_, nullptr)},
      row_{other.row_},
      who_{other.who_},
      socket_{std::move(other.socket_)}
{}

bells::bell& bells::bell::operator=(bell&& other) noexcept
{
    std::swap(in_, other.in_);
    std::swap(row_, other.row_);
    std::swap(who_, other.who_);
    std::swap(socket_, other.socket_);
    return *this;
}

bells::bell::~bell()
{
    if (in_ != nullptr)
        take_down();
}

void bells::bell::take_down() noexcept
{
    wake();
    std::uint64_t mine = who_;
    in_->who[row_].compare_exchange_strong(mine, 0);
}

void bells::bell::sleep() noexcept
{
    // Somebody may have taken our row for a dead one's: that takes a lost socket, or a stray write.
    std::uint64_t mine = 0;
    in_->who[row_].compare_exchange_strong(mine, who_);
    in_->sleeping[row_ / 64].fetch_or(std::uint64_t{1} << row_ % 64);
}

void bells::bell::wake() noexcept
{
    in_->sleeping[row_ / 64].fetch_and(~(std::uint64_t{1} << row_ % 64));
    std::array<char, 16> rings{};
    // Bounded by what the socket can hold, unless somebody is at it on purpose.
    for (int i = 0; i < 64; ++i) {
        if (::recv(socket_.borrow(), rings.data(), rings.size(), MSG_DONTWAIT) < 0)
            break;
    }
}

}  // namespace cohort::board
