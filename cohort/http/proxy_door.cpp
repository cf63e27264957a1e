#include <cohort/http/proxy_door.hpp>

#include <cohort/http/peer.hpp>
#include <cohort/http/proxy_header.hpp>
#include <cohort/http/server.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace cohort::http {

/// One that has not said all yet. A resource of the door's list.
struct proxy_door::waiter final : net::watcher {
    waiter(proxy_door& at, unique_fd connection, then what) noexcept
        : door{at}, fd{std::move(connection)}, since{at.clock_()}, next{what}
    {}

    void ready(std::uint32_t) noexcept override
    {
        proxy_door& at = door;
        if (at.read(*this))
            at.waiting_.erase(here);  // frees this
    }

    proxy_door& door;
    unique_fd fd;
    std::string said;
    const steady_time since;
    std::list<waiter>::iterator here;
    const then next;
    bool watched = false;
};

result<std::unique_ptr<proxy_door>> proxy_door::make(boost::asio::io_context& loop,
                                                     net::poller& poller, server& behind,
                                                     const proxy_door_options& how)
{
    auto proxies = parse_ranges(how.proxies);
    if (!proxies)
        return std::unexpected{proxies.error()};
    behind.expect_strangers();
    return std::unique_ptr<proxy_door>{
        new proxy_door{loop, poller, behind, how, std::move(*proxies)}};
}

proxy_door::proxy_door(boost::asio::io_context& loop, net::poller& poller, server& behind,
                       const proxy_door_options& how, std::vector<net_range> proxies)
    : poller_{poller},
      behind_{behind},
      proxies_{std::move(proxies)},
      patience_{how.patience},
      waiting_max_{how.waiting_max},
      clock_{how.clock},
      timer_{loop}
{}

proxy_door::~proxy_door() { stop(); }

void proxy_door::stop() noexcept
{
    for (waiter& each : waiting_) {
        if (each.watched)
            poller_.forget(each.fd.borrow(), each);
    }
    waiting_.clear();
    timer_.cancel();
}

void proxy_door::take(unique_fd connection) { admit(std::move(connection), then::http); }
void proxy_door::take_tls(unique_fd connection) { admit(std::move(connection), then::tls); }

void proxy_door::admit(unique_fd connection, then next)
{
    peer_lookup other_end{connection.borrow()};
    if (!any_contains(proxies_, other_end.get().ip())) {
        ++counts_.strangers;
        return;
    }
    if (waiting_.size() >= waiting_max_ || behind_.full()) {
        ++counts_.too_many;
        return;
    }
    waiting_.emplace_back(*this, std::move(connection), next);
    waiter& who = waiting_.back();
    who.here = std::prev(waiting_.end());
    // It has often come by the time its connection is accepted.
    bool over = read(who);
    if (!over) {
        who.watched = poller_.watch(who.fd.borrow(), EPOLLIN | EPOLLRDHUP, who).has_value();
        over = !who.watched;  // ENOSPC or ENOMEM: without news of the socket we cannot go on
        counts_.too_many += over ? 1 : 0;
    }
    if (over)
        waiting_.erase(who.here);
    else
        arm();
}

/// True: it waits no more, and is the server's or will be closed.
bool proxy_door::read(waiter& who)
{
    // Looked at, and taken only as far as it is known to be the header: what follows is for others.
    std::array<char, proxy_header_bytes_max> some;
    const std::size_t room = some.size() - who.said.size();
    const ssize_t seen = ::recv(who.fd.borrow(), some.data(), room, MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    const std::size_t before = who.said.size();
    if (seen > 0)
        who.said.append(some.data(), static_cast<std::size_t>(seen));
    const proxy_header heard = read_proxy_header(who.said);
    const bool wrong = heard.status == proxy_header_status::malformed;
    const bool more = heard.status == proxy_header_status::need_more;
    const bool waits = more && seen > 0 && who.said.size() < some.size();
    if (seen > 0 && !wrong) {
        const std::size_t ours = more ? static_cast<std::size_t>(seen) : heard.bytes - before;
        // All of it is there: nobody else reads this socket.
        static_cast<void>(::recv(who.fd.borrow(), some.data(), ours, MSG_DONTWAIT));
    }
    if (waits)
        return false;
    if (std::exchange(who.watched, false))
        poller_.forget(who.fd.borrow(), who);
    if (seen <= 0)
        ++counts_.left;
    else if (wrong || more)
        ++counts_.malformed;
    else
        pass(who, heard.from ? &*heard.from : nullptr);
    return true;
}

void proxy_door::pass(waiter& who, const peer* from)
{
    peer_lookup other_end{who.fd.borrow()};
    const peer shown = from != nullptr ? *from : other_end.get();
    const result<> taken = who.next == then::tls ? behind_.take_tls(std::move(who.fd), shown)
                                                 : behind_.take(std::move(who.fd), shown);
    if (!taken)
        ++counts_.too_many;
    else if (from != nullptr)
        ++counts_.believed;
    else
        ++counts_.own;
}

void proxy_door::arm()
{
    if (patience_.count() == 0 || std::exchange(armed_, true))
        return;
    timer_.expires_after(seconds{1});
    timer_.async_wait([this, alive = std::weak_ptr{life_}](const boost::system::error_code& ec) {
        if (alive.expired())
            return;
        armed_ = false;
        if (!ec)
            tick();
    });
}

void proxy_door::tick()
{
    const steady_time present = clock_();
    while (!waiting_.empty() && present - waiting_.front().since >= patience_) {
        waiter& who = waiting_.front();
        if (who.watched)
            poller_.forget(who.fd.borrow(), who);
        ++counts_.late;
        waiting_.pop_front();
    }
    if (!waiting_.empty())
        arm();
}

}  // namespace cohort::http
