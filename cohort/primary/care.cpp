#include <cohort/primary/care.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/accept.hpp>
#include <cohort/net/kernel_position.hpp>
#include <cohort/net/listener.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/process/guarantees.hpp>
#include <cohort/process/permit.hpp>

#include <sys/socket.h>

#include <array>
#include <string_view>
#include <utility>

namespace cohort::primary {

namespace {

/// Does this kernel count the bytes of a TCP connection as adoption needs it?
result<> try_positions()
{
    COHORT_TRY(const auto where, net::endpoint::parse("tcp://127.0.0.1:0"));
    COHORT_TRY(const auto door, net::open_listener(where, {}));
    COHORT_TRY(const auto at, net::local_endpoint(door.borrow()));
    COHORT_TRY(const auto address, net::to_socket_address(at));
    unique_fd client{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!client.valid() || ::connect(client.borrow(), address.get(), address.length) == -1)
        return failed("connect to", at.text());
    const auto accepted = net::accept_one(door.borrow());
    if (!accepted.connection.valid())
        return std::unexpected(fault(accepted.why, "accept on", at.text()));
    const std::string_view words = "0123456789";
    std::array<char, 4> some{};
    if (::send(client.borrow(), words.data(), words.size(), 0) != 10 ||
        ::recv(accepted.connection.borrow(), some.data(), some.size(), 0) != 4 ||
        ::send(accepted.connection.borrow(), words.data(), 7, 0) != 7)
        return failed("talk over the loopback");
    COHORT_TRY(const auto seen, net::read_position(accepted.connection.borrow()));
    if (!seen.exact || seen.taken != 4 || seen.given != 7)
        return failed(errc::not_supported, "count the bytes of a connection");
    return {};
}

}  // namespace

care care_for(const config::settings& settings, upkeep who)
{
    // Where nobody replaces the dead, nobody can go on with their connections.
    if (!settings.keepers || who == upkeep::by_hand)
        return care::plain;
    auto permit = process::fork_permit::ask();
    if (!permit) {
        log::warn("no keepers, connections end with their workers: {}", permit.error().text());
        return care::plain;
    }
    const auto holds = process::test_guarantees(*std::move(permit), &try_positions);
    // Of programs we have no keepers; but they outlive us, for which a root is enough.
    if (holds.pairs && !settings.exec.empty()) {
        log::info("programs outlive their primary; their connections end with them");
        return care::kept;
    }
    if (!holds.pairs || !holds.exact_positions) {
        log::warn("no keepers, connections end with their workers: {}", holds.words);
        return care::plain;
    }
    log::info("connections outlive their workers: {}", holds.words);
    return care::kept;
}

}  // namespace cohort::primary
