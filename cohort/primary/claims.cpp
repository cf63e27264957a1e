#include <cohort/primary/claims.hpp>

#include <cohort/net/socket_option.hpp>
#include <cohort/process/origin.hpp>

#include <fmt/format.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace cohort::primary {

namespace {

using board::held_number;

/// What /proc says that it is: "anon_inode:[pidfd]", "/memfd:cohort-journal (deleted)".
std::string kind_of(int number)
{
    std::array<char, 64> name{};
    const auto path = fmt::format("/proc/self/fd/{}", number);
    const auto length = ::readlink(path.c_str(), name.data(), name.size());
    return length > 0 ? std::string(name.data(), static_cast<std::size_t>(length)) : std::string{};
}

}  // namespace

bool claims::has(int number) const { return std::ranges::binary_search(numbers_, number); }

void claims::add(int number)
{
    numbers_.insert(std::ranges::lower_bound(numbers_, number), number);
}

unique_fd claims::socket(held_number held, int type)
{
    return claim(held, net::socket_option(held.number(), SOL_SOCKET, SO_TYPE) == type);
}

unique_fd claims::pidfd(held_number held)
{
    return claim(held, kind_of(held.number()) == "anon_inode:[pidfd]");
}

unique_fd claims::pipe(held_number held)
{
    return claim(held, kind_of(held.number()).starts_with("pipe:"));
}

unique_fd claims::memory(held_number held)
{
    return claim(held, kind_of(held.number()).starts_with("/memfd:"));
}

unique_fd claims::program(held_number held)
{
    return claim(held, held.any() && process::runs_by_descriptor(held.number()));
}

result<net::inbox_pair> claims::pair(held_number give, held_number take)
{
    net::inbox_pair both;
    both.give = socket(give, SOCK_SEQPACKET);
    both.take = socket(take, SOCK_SEQPACKET);
    if (both.give.valid() && both.take.valid())
        return both;
    return net::make_inbox();
}

unique_fd claims::claim(held_number held, bool fits)
{
    if (!held.any() || !fits || has(held.number()))
        return {};
    add(held.number());
    return unique_fd{held.number()};
}

}  // namespace cohort::primary
