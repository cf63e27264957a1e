#pragma once

#include <cohort/base/backoff.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/net/balance.hpp>
#include <cohort/net/poller.hpp>
#include <cohort/primary/custody.hpp>
#include <cohort/primary/dealing_book.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::primary {

/// Where workers sit, as the dealer needs to know it.
class seating {
public:
    /// One for each slot with a worker that listens on `endpoint`; `accepting` as its row says.
    virtual void loads(std::uint32_t endpoint, std::vector<net::load>& into) = 0;
    /// The ends of a slot's inbox.
    [[nodiscard]] virtual int give_end(std::uint32_t slot) = 0;
    [[nodiscard]] virtual int take_end(std::uint32_t slot) = 0;

    /// All inboxes there are, of empty seats as well.
    struct inbox_state {
        std::uint32_t slot = 0;
        std::uint64_t tenant = 0;       ///< 0: nobody sits there
        std::uint64_t taken_total = 0;  ///< by this tenant
    };
    virtual void inboxes(std::vector<inbox_state>& into) = 0;

protected:
    ~seating() = default;
};

/// Accepts for the workers, where the policy says so, and finds a place for every connection that
/// lost its own. A resource.
///
/// Nothing waits without an end, and nothing spins: with nobody to take a connection, no more are
/// accepted and the kernel's backlog pushes back; a look every 20 ms finds out when that changes.
class dealer {
public:
    dealer(boost::asio::any_io_executor executor, net::poller& poller, config::policy balance,
           std::uint32_t connections_max, seating& where);
    dealer(const dealer&) = delete;
    dealer& operator=(const dealer&) = delete;
    ~dealer();

    /// Says from now on whose a connection is in words that outlive us. Order: first of all.
    void use(custody words) noexcept;
    /// Connections that a dead primary had in its hands.
    void recover(std::vector<parcel> found);

    /// Accepts from this socket from now on. Lifetime: until remove() or close().
    void add(std::uint32_t endpoint, int socket);
    /// Leaves the socket to somebody else.
    void remove(int socket) noexcept;
    /// Workers pass connections on by themselves: their inboxes are looked after from now on.
    void look_after_inboxes();
    /// Nobody will take anything any more: closes all that is here, waits, or lies in an inbox, so
    /// that clients hear of it now and not when this process ends. What comes back later, too.
    void close();
    /// Takes what waits in the accept queues now, up to the bound of the book, and deals it.
    void sweep();

    // What workers say.
    void taken(std::uint32_t slot, std::span<const std::uint64_t> sequences);
    void refused(std::uint32_t slot, std::span<const std::uint64_t> sequences);
    /// A worker was given a connection of an endpoint it does not serve.
    void stray(std::uint32_t endpoint, unique_fd connection);
    /// Somebody begins to accept.
    void look_again();

    /// The slot's worker is dead or leaves: all that is on its way there is dealt to others.
    void slot_lost(std::uint32_t slot);
    /// The slot's worker is dead, but another one has its connections and its inbox already.
    void slot_inherited(std::uint32_t slot);

    [[nodiscard]] const dealing_book& book() const noexcept { return book_; }

private:
    class source;

    static constexpr std::size_t waiting_max = 256;
    static constexpr std::size_t towards_max = 64;           // unconfirmed, one slot
    static constexpr std::size_t towards_max_at_last = 256;  // nobody accepts after this
    static constexpr unsigned accepts_per_turn = 64;

    void accept_from(source& from);
    /// False: no more can be accepted there now.
    [[nodiscard]] bool accept_one_from(source& from);
    [[nodiscard]] bool holds_back(std::uint32_t endpoint) const noexcept;
    void deal(parcel what);
    [[nodiscard]] bool place(parcel& what);
    [[nodiscard]] bool give_to(std::uint32_t slot, parcel& what);
    [[nodiscard]] bool anybody(std::uint32_t endpoint);
    void look_around(std::uint32_t endpoint);
    void pump();
    void tick();
    void arm();
    void attend();
    void empty_inbox(std::uint32_t slot, std::vector<parcel>& into);
    void rescue_stuck();
    void rescue(std::uint32_t slot);
    void shun(std::uint32_t slot, std::uint32_t endpoint, nanoseconds how_long);
    [[nodiscard]] bool shuns(std::uint32_t slot, std::uint32_t endpoint) const;
    void give_up_old();
    void look_for_the_lost();
    void came_back(std::vector<parcel> homeless);
    void drop_waiting();

    net::poller& poller_;
    seating& seats_;
    std::uint32_t connections_max_;
    bool looks_at_client_;
    net::dealer chooser_;
    dealing_book book_{waiting_max};
    custody custody_;
    std::map<int, std::unique_ptr<source>> sources_;
    std::vector<net::load> loads_;
    /// Slots that refused connections of an endpoint, until then. Endpoint 0: of any.
    std::map<std::pair<std::uint32_t, std::uint32_t>, steady_time> shunned_;
    /// Inboxes in which something lies, since when nothing was taken.
    struct lying {
        seating::inbox_state seen;
        steady_time since;
    };
    std::map<std::uint32_t, lying> lying_;
    std::size_t towards_most_ = towards_max;
    bool looks_after_inboxes_ = false;
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    bool closed_ = false;
    backoff shortage_;
};

}  // namespace cohort::primary
