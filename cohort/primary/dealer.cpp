#include <cohort/primary/dealer.hpp>

#include <cohort/net/accept.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/observe/log.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds look_soon = 20ms;     // while somebody waits for a place
constexpr nanoseconds look_seldom = 250ms;  // while confirmations are open
constexpr nanoseconds shun_for = 50ms;      // a slot that refused

net::dealer chooser_for(config::policy balance)
{
    if (balance == config::policy::round_robin)
        return net::round_robin{};
    if (balance == config::policy::sticky)
        return net::sticky{};
    return net::least_connections{};
}

}  // namespace

/// One socket that we accept from.
class dealer::source final : private net::watcher {
public:
    source(dealer& owner, std::uint32_t endpoint, int socket)
        : owner_{owner}, endpoint_{endpoint}, socket_{socket}
    {}
    ~source() { unwatch(); }
    source(const source&) = delete;
    source& operator=(const source&) = delete;

    void watch()
    {
        if (watching_)
            return;
        if (const auto begun = owner_.poller_.watch(socket_, EPOLLIN, *this))
            watching_ = true;
        else
            log::warn("cannot watch endpoint {}: {}; trying again", endpoint_,
                      begun.error().text());
    }
    void unwatch() noexcept
    {
        if (std::exchange(watching_, false))
            owner_.poller_.forget(socket_, *this);
    }
    [[nodiscard]] bool watching() const noexcept { return watching_; }
    [[nodiscard]] std::uint32_t endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] int socket() const noexcept { return socket_; }

    steady_time rests_until{};

private:
    void ready(std::uint32_t) noexcept override { owner_.accept_from(*this); }

    dealer& owner_;
    std::uint32_t endpoint_;
    int socket_;
    bool watching_ = false;
};

dealer::dealer(boost::asio::any_io_executor executor, net::poller& poller, config::policy balance,
               std::uint32_t connections_max, seating& where)
    : poller_{poller},
      seats_{where},
      connections_max_{connections_max},
      looks_at_client_{balance == config::policy::sticky},
      chooser_{chooser_for(balance)},
      timer_{executor},
      shortage_{5ms, 1s}
{}

dealer::~dealer() = default;

void dealer::add(std::uint32_t endpoint, int socket)
{
    if (closed_ || sources_.contains(socket))
        return;
    sources_[socket] = std::make_unique<source>(*this, endpoint, socket);
    attend();
}

void dealer::use(custody words) noexcept
{
    custody_ = words;
    book_.count_from(now_ns());
}

void dealer::recover(std::vector<parcel> found)
{
    came_back(std::move(found));
    look_again();
}

void dealer::remove(int socket) noexcept { sources_.erase(socket); }

void dealer::close()
{
    if (std::exchange(closed_, true))
        return;
    sources_.clear();
    timer_.cancel();
    std::vector<seating::inbox_state> all;
    seats_.inboxes(all);
    for (const seating::inbox_state& each : all)
        slot_lost(each.slot);
    drop_waiting();
}

void dealer::look_after_inboxes()
{
    looks_after_inboxes_ = true;
    arm();
}

void dealer::sweep()
{
    // Those who take have been asked to leave after this: what they do not get now, nobody will.
    towards_most_ = towards_max_at_last;
    for (auto& [socket, each] : sources_) {
        each->rests_until = {};
        while (!book_.full() && anybody(each->endpoint()) && accept_one_from(*each)) {
        }
    }
    pump();
    towards_most_ = towards_max;
    arm();
}

void dealer::look_around(std::uint32_t endpoint)
{
    loads_.clear();
    seats_.loads(endpoint, loads_);
    for (net::load& each : loads_) {
        const bool shunned = shuns(each.slot, endpoint);
        const std::size_t towards = book_.towards(each.slot);
        each.on_their_way = static_cast<std::uint32_t>(towards);
        const bool full =
            connections_max_ != 0 && each.connections_open + towards >= connections_max_;
        each.crowded = each.accepting && !shunned && !full && towards >= towards_most_;
        if (shunned || full || each.crowded)
            each.accepting = false;
    }
}

bool dealer::anybody(std::uint32_t endpoint)
{
    look_around(endpoint);
    return std::ranges::any_of(loads_, &net::load::accepting);
}

void dealer::accept_from(source& from)
{
    for (unsigned i = 0; i < accepts_per_turn; ++i) {
        if (holds_back(from.endpoint()) || !anybody(from.endpoint())) {
            from.unwatch();
            break;
        }
        if (!accept_one_from(from))
            break;
    }
    arm();
}

bool dealer::holds_back(std::uint32_t endpoint) const noexcept
{
    // One endpoint that nobody serves must not hold up the others; nor, where clients have their
    // slots, one crowded slot the clients of the others.
    return book_.full() || (!looks_at_client_ && book_.waiting(endpoint) != 0);
}

bool dealer::accept_one_from(source& from)
{
    auto outcome = net::accept_one(from.socket());
    if (outcome.verdict == net::accept_verdict::client_left)
        return true;
    if (outcome.verdict == net::accept_verdict::empty)
        return false;
    if (outcome.verdict != net::accept_verdict::accepted) {
        const auto pause = shortage_.next();
        log::warn("cannot accept on endpoint {}: {}; connections wait, trying again",
                  from.endpoint(), outcome.why.message());
        from.unwatch();
        from.rests_until = now() + pause;
        return false;
    }
    shortage_.reset();
    parcel fresh;
    fresh.connection = std::move(outcome.connection);
    fresh.endpoint = from.endpoint();
    fresh.accepted = now();
    custody_.accepted(fresh);
    if (looks_at_client_) {
        if (const auto client = net::peer_endpoint(fresh.connection.borrow()))
            fresh.client = client->host();
    }
    deal(std::move(fresh));
    return true;
}

bool dealer::place(parcel& what)
{
    look_around(what.endpoint);
    for (;;) {
        const auto slot =
            std::visit([&](auto& policy) { return policy.choose(loads_, what.client); }, chooser_);
        if (!slot)
            return false;
        const auto at = std::ranges::find(loads_, *slot, &net::load::slot);
        if (give_to(*slot, what)) {
            std::visit([&](auto& policy) { policy.given(*at); }, chooser_);
            return true;
        }
        at->accepting = false;  // its inbox is full: ask the others, or wait for it if sticky
        at->crowded = true;
    }
}

bool dealer::give_to(std::uint32_t slot, parcel& what)
{
    auto twin = duplicate(what.connection);
    if (!twin)
        return false;  // short of descriptors: the connection waits, and confirmations free some
    net::handover about;
    about.endpoint = what.endpoint;
    about.from_slot = net::handover::from_primary;
    about.sequence = book_.next_sequence();
    if (what.served.any) {
        about.what = net::handover::kind::moved;
        about.taken = what.served.taken;
        about.given = what.served.given;
        about.requests = what.served.requests;
    }
    const auto ticket = custody_.offer(what, slot);
    if (!ticket)
        return false;
    about.ticket = *ticket;
    if (!net::give(seats_.give_end(slot), *twin, about)) {
        static_cast<void>(custody_.reclaim(what));
        return false;
    }
    book_.given(slot, std::move(what), now());
    return true;
}

void dealer::shun(std::uint32_t slot, std::uint32_t endpoint, nanoseconds how_long)
{
    shunned_[{slot, endpoint}] = now() + how_long;
}

bool dealer::shuns(std::uint32_t slot, std::uint32_t endpoint) const
{
    const steady_time at = now();
    const auto until = [&](std::uint32_t which) {
        const auto found = shunned_.find({slot, which});
        return found == shunned_.end() ? steady_time{} : found->second;
    };
    return at < until(endpoint) || at < until(0);
}

void dealer::deal(parcel what)
{
    if (!place(what))
        book_.wait(std::move(what));
    if (closed_)
        drop_waiting();
}

void dealer::pump()
{
    // One endpoint that nobody serves must not hold up the others.
    std::vector<parcel> kept;
    while (auto first = book_.next()) {
        if (!place(*first))
            kept.push_back(*std::move(first));
    }
    for (auto each = kept.rbegin(); each != kept.rend(); ++each)
        book_.wait_again(std::move(*each));
}

void dealer::attend()
{
    const steady_time at = now();
    for (auto& [socket, each] : sources_) {
        if (!holds_back(each->endpoint()) && at >= each->rests_until)
            each->watch();
    }
    arm();
}

void dealer::look_again()
{
    pump();
    if (closed_)
        drop_waiting();
    attend();
}

void dealer::taken(std::uint32_t slot, std::span<const std::uint64_t> sequences)
{
    for (const std::uint64_t each : sequences) {
        if (auto theirs = book_.take_back(slot, each))
            custody_.finish(*std::move(theirs));
    }
    if (book_.waiting() != 0)
        look_again();
}

void dealer::refused(std::uint32_t slot, std::span<const std::uint64_t> sequences)
{
    if (sequences.empty()) {
        shun(slot, 0, shun_for);
        // It has no descriptor to take anything with: what lies in its inbox goes to others.
        std::vector<parcel> homeless;
        empty_inbox(slot, homeless);
        came_back(std::move(homeless));
    }
    std::vector<parcel> returned;
    for (const std::uint64_t each : sequences) {
        if (auto back = book_.take_back(slot, each)) {
            shun(slot, back->endpoint, shun_for);
            returned.push_back(*std::move(back));
        }
    }
    came_back(std::move(returned));
    look_again();
}

void dealer::stray(std::uint32_t endpoint, unique_fd connection)
{
    parcel lost;
    lost.connection = std::move(connection);
    lost.endpoint = endpoint;
    lost.accepted = now();
    custody_.accepted(lost);
    deal(std::move(lost));
    arm();
}

void dealer::tick()
{
    rescue_stuck();
    look_for_the_lost();
    pump();
    give_up_old();
    attend();
}

void dealer::arm()
{
    if (armed_)
        return;
    const bool someone_waits =
        book_.waiting() != 0 ||
        std::ranges::any_of(sources_, [](const auto& each) { return !each.second->watching(); });
    const bool something_may_lie = looks_after_inboxes_ || book_.on_their_way() != 0;
    if (closed_ || (!someone_waits && !something_may_lie))
        return;
    armed_ = true;
    timer_.expires_after(someone_waits ? look_soon : look_seldom);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        armed_ = false;
        if (!ec)
            tick();
    });
}

}  // namespace cohort::primary
