#include <cohort/primary/listeners.hpp>

#include <cohort/base/try.hpp>
#include <cohort/net/socket_address.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

namespace {

std::unexpected<fault> in_use(const net::endpoint& where)
{
    return std::unexpected(
        fault({EADDRINUSE, boost::system::system_category()}, "listen on", where.text()));
}

net::listen_options options_of(const ipc::listen_request& what)
{
    net::listen_options how;
    how.backlog = what.backlog;
    how.v6_only = what.v6_only;
    how.reuse_port = what.reuse_port;
    how.unix_mode = what.unix_mode;
    return how;
}

enum class waiting : std::uint8_t { never, as_asked };

/// Whether calls on it may wait: of the open file, hence for all who have it.
result<> set_waiting(int fd, waiting wanted)
{
    const int now = ::fcntl(fd, F_GETFL);
    if (now == -1)
        return failed("ask how a socket waits");
    const int then = wanted == waiting::never ? now | O_NONBLOCK : now & ~O_NONBLOCK;
    if (then != now && ::fcntl(fd, F_SETFL, then) == -1)
        return failed("say how a socket waits");
    return {};
}

}  // namespace

open_endpoint* listeners::find(const net::endpoint& where, const ipc::listen_request& what)
{
    const auto key = std::make_tuple(where.text(), what.v6_only, what.index);
    if (const auto known = by_key_.find(key); known != by_key_.end())
        return open_.at(known->second).get();
    const bool numbered = where.port() != 0;
    for (auto& [number, each] : open_) {
        if (numbered && each->real == where && each->how.v6_only == what.v6_only)
            return each.get();
    }
    return nullptr;
}

result<unique_fd> listeners::open_socket(const open_endpoint& of, std::uint32_t index)
{
    // Several queues of one port: whoever follows may want fewer of them, and who waits in the
    // others would wait for ever.
    if (manager_ == nullptr || of.how.reuse_port)
        return net::open_listener(of.asked, of.how);
    const socket_key which{.asked = of.asked, .index = index};
    if (auto passed = manager_->find(which, of.how))
        return *std::move(passed);
    COHORT_TRY(auto made, net::open_listener(of.asked, of.how));
    manager_->keep(which, made.borrow());
    return made;
}

result<open_endpoint*> listeners::open(const net::endpoint& where, const ipc::listen_request& what)
{
    auto made = std::make_unique<open_endpoint>();
    made->asked = where;
    made->how = options_of(what);
    if (balance_ == config::policy::reuseport && where.kind() == net::endpoint::family::tcp)
        made->how.reuse_port = true;
    COHORT_TRY(made->socket, open_socket(*made, what.index));
    COHORT_TRY(made->real, net::local_endpoint(made->socket.borrow()));
    const bool shared = manager_ != nullptr && manager_->shares();
    if (where.kind() == net::endpoint::family::unix_path && !shared) {
        COHORT_TRY(made->file, net::unix_socket_file::of(where));
    }
    made->index = what.index;
    made->number = ++last_number_;
    by_key_[std::make_tuple(where.text(), what.v6_only, what.index)] = made->number;
    open_endpoint* const opened = made.get();
    open_.emplace(made->number, std::move(made));
    write_down(*opened);
    return opened;
}

result<open_endpoint*> listeners::ask(listen_asker who, const ipc::listen_request& what)
{
    COHORT_TRY(const auto where, net::endpoint::parse(what.where));
    if (closed_)
        return failed(errc::stopping, "listen on", what.where);
    const open_endpoint* const known = find(where, what);
    // (That a socket for datagrams was closed, nobody tells us.)
    if (known != nullptr && known->holders.contains(who.id) && !known->datagrams())
        return in_use(where);
    COHORT_TRY(open_endpoint * at, reach(who.slot, where, what));
    // It may have been another program's before.
    for (const auto& [slot, queue] : at->by_slot) {
        COHORT_TRY(set_waiting(queue.borrow(), waiting::never));
    }
    COHORT_TRY(set_waiting(at->socket.borrow(), waiting::never));
    at->holders.insert(who.id);
    return at;
}

result<int> listeners::inherited(const ipc::listen_request& what)
{
    COHORT_TRY(const auto where, net::endpoint::parse(what.where));
    if (closed_)
        return failed(errc::stopping, "listen on", what.where);
    open_endpoint* at = find(where, what);
    if (at == nullptr) {
        COHORT_TRY(at, open(where, what));
        // Once: a program that has chosen otherwise since shares the open file with its siblings.
        COHORT_TRY(set_waiting(at->socket.borrow(), waiting::as_asked));
    }
    return at->socket.borrow();
}

result<open_endpoint*> listeners::reach(std::uint32_t slot, const net::endpoint& where,
                                        const ipc::listen_request& what)
{
    open_endpoint* at = find(where, what);
    if (at == nullptr) {
        COHORT_TRY(at, open(where, what));
    }
    // Node keeps the backlog of whoever came first; the largest is what everybody can live with.
    if (!at->datagrams() && what.backlog > at->how.backlog &&
        ::listen(at->socket.borrow(), what.backlog) == 0)
    {
        at->how.backlog = what.backlog;
        write_down(*at);
    }
    if (at->how.reuse_port && !at->datagrams()) {
        COHORT_TRY(open_queue(*at, slot));
    }
    return at;
}

result<> listeners::open_queue(open_endpoint& of, std::uint32_t slot)
{
    if (of.by_slot.contains(slot))
        return {};
    if (of.by_slot.empty()) {
        COHORT_TRY(auto first, duplicate(of.socket));
        of.by_slot[slot] = std::move(first);
    } else {
        COHORT_TRY(auto queue, net::open_listener(of.real, of.how));
        of.by_slot[slot] = std::move(queue);
    }
    write_down(of);
    return {};
}

bool listeners::deals(const open_endpoint& of) const noexcept
{
    if (of.datagrams())
        return false;
    return balance_ != config::policy::balanced && !of.how.reuse_port;
}

result<unique_fd> listeners::socket_for(open_endpoint& of, std::uint32_t slot) const
{
    if (deals(of))
        return unique_fd{};
    if (const auto own = of.by_slot.find(slot); own != of.by_slot.end())
        return duplicate(own->second);
    return duplicate(of.socket);
}

void listeners::leave(std::uint32_t id, std::uint32_t number) noexcept
{
    if (const auto at = open_.find(number); at != open_.end())
        at->second->holders.erase(id);
}

void listeners::gone(std::uint32_t id) noexcept
{
    for (auto& [number, each] : open_)
        each->holders.erase(id);
}

void listeners::close() noexcept
{
    closed_ = true;
    by_key_.clear();
    open_.clear();
    // After the sockets: who comes after us would look for something else under their numbers, and
    // leave it alone.
    for (std::size_t i = 0; book_ != nullptr && i < board::ledger_endpoints_max; ++i) {
        if (book_->endpoint(i).value().number != 0)
            book_->endpoint(i).commit({});
    }
}

void listeners::close(std::uint32_t number)
{
    const auto found = open_.find(number);
    if (found == open_.end())
        return;
    const open_endpoint& at = *found->second;
    if (manager_ != nullptr && !at.how.reuse_port)
        manager_->forget({.asked = at.asked, .index = at.index});
    std::erase_if(by_key_, [number](const auto& each) { return each.second == number; });
    open_.erase(found);
    // After the sockets, as above.
    for (std::size_t i = 0; book_ != nullptr && i < board::ledger_endpoints_max; ++i) {
        if (book_->endpoint(i).value().number == number)
            book_->endpoint(i).commit({});
    }
}

bool listeners::holds(std::uint32_t number, std::uint32_t id) const noexcept
{
    const auto at = open_.find(number);
    return at != open_.end() && at->second->holders.contains(id);
}

}  // namespace cohort::primary
