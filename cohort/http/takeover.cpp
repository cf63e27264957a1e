#include <cohort/http/takeover.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/http/place_entry.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/tls/stream.hpp>

#include <sys/socket.h>

#include <utility>

namespace cohort::http {

place_entry::place_entry(server& among, int number, client_counts::entry* its_client) noexcept
    : of{&among}, descriptor{number}, counted_as{its_client}
{
    of->enter(*this);
}

place_entry::~place_entry()
{
    if (of != nullptr)
        of->leave(*this);
}

connection_place::connection_place() noexcept = default;

connection_place::connection_place(server& of, int descriptor, client_counts::entry* counted_as)
    : here_{std::make_unique<place_entry>(of, descriptor, counted_as)}
{}

connection_place::connection_place(connection_place&&) noexcept = default;
connection_place& connection_place::operator=(connection_place&&) noexcept = default;
connection_place::~connection_place() = default;

bool connection_place::draining() const noexcept
{
    return here_->of == nullptr || here_->of->draining_;
}

void connection_place::on_farewell(std::move_only_function<void(farewell) noexcept> hear)
{
    server* const of = here_->of;
    if (of == nullptr) {
        if (hear)
            hear(farewell::cut);
        return;
    }
    here_->hear = std::move(hear);
    // What was said while nobody listened is said again.
    const auto before = std::exchange(here_->so_far, place_entry::told::nothing);
    if (before == place_entry::told::cut)
        of->bid(*here_, farewell::cut);
    else if (of->draining_)
        of->bid(*here_, farewell::drain);
}

boost::asio::io_context& connection_place::loop() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->loop_;
}

net::poller& connection_place::poller() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->poller_;
}

scope& connection_place::coroutines() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->coroutines_;
}

void connection_place::request_begun() noexcept
{
    if (here_->of == nullptr)
        return;
    ++here_->running;
    here_->of->begun();
}

void connection_place::request_ended() noexcept
{
    if (here_->of == nullptr)
        return;
    COHORT_ASSERT(here_->running != 0);
    --here_->running;
    here_->of->ended();
}

server_options& connection_place::terms() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->options_;
}

const router& connection_place::routes() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->router_;
}

void connection_place::count_refusal(const violation& why, peer_lookup& from) noexcept
{
    if (here_->of != nullptr)
        here_->of->count_refusal(why, from, {});
}

void connection_place::belongs_to(place_tenant& who) noexcept { here_->tenant = &who; }

std::shared_ptr<body_budget> connection_place::bodies() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->bodies_;
}

ip_address connection_place::counted(const ip_address& who) const noexcept
{
    return here_->of != nullptr ? here_->of->clients_.counted(who) : ip_address{};
}

std::weak_ptr<const void> connection_place::life() const noexcept
{
    COHORT_ASSERT(here_->of != nullptr);
    return here_->of->life_;
}

void connection_place::let_go() noexcept { here_.reset(); }

taken_connection::taken_connection(unique_fd socket, peer other_end, connection_place among)
    : fd{std::move(socket)}, who{other_end}, place{std::move(among)}
{}

taken_connection::taken_connection(taken_connection&&) noexcept = default;

taken_connection& taken_connection::operator=(taken_connection&& other) noexcept
{
    place = std::move(other.place);  // ours is let go of while its descriptor is open
    tls = std::move(other.tls);
    fd = std::move(other.fd);
    unread = std::move(other.unread);
    who = other.who;
    return *this;
}

taken_connection::~taken_connection() = default;

transfer taken_connection::read(std::span<char> into) noexcept
{
    return tls ? tls->read(into) : plain_read(fd.borrow(), into);
}

transfer taken_connection::write(std::string_view bytes) noexcept
{
    return tls ? tls->write(bytes) : plain_write(fd.borrow(), bytes);
}

// The server's side.

void server::enter(place_entry& who) noexcept
{
    who.next = places_;
    if (places_ != nullptr)
        places_->prev = &who;
    places_ = &who;
}

void server::leave(place_entry& who) noexcept
{
    forget_idle(&who);
    if (who.prev != nullptr)
        who.prev->next = who.next;
    else
        places_ = who.next;
    if (who.next != nullptr)
        who.next->prev = who.prev;
    if (place_next_ == &who)
        place_next_ = who.next;
    for (told_now* each = told_now_; each != nullptr; each = each->outer) {
        if (each->who == &who)
            each->who = nullptr;
    }
    for (; who.running != 0; --who.running)
        ended();
    if (board::connection_record* const page = page_of(who.descriptor))
        page->commit({});
    one_less(who.counted_as);
}

void server::bid(place_entry& to, farewell what) noexcept
{
    const auto now = what == farewell::cut ? place_entry::told::cut : place_entry::told::drain;
    if (to.so_far >= now)
        return;
    to.so_far = now;
    told_now here{.who = &to, .outer = told_now_};
    told_now_ = &here;
    if (auto hear = std::exchange(to.hear, nullptr)) {
        hear(what);
        if (here.who != nullptr && !to.hear)
            to.hear = std::move(hear);
    }
    if (here.who != nullptr && what == farewell::cut)
        ::shutdown(to.descriptor, SHUT_RDWR);
    told_now_ = here.outer;
}

void server::bid_all(farewell what) noexcept
{
    for (place_entry* each = places_; each != nullptr; each = place_next_) {
        place_next_ = each->next;
        bid(*each, what);
    }
    place_next_ = nullptr;
}

void server::forget_places() noexcept
{
    while (places_ != nullptr) {
        place_entry& who = *places_;
        places_ = who.next;
        who.prev = who.next = nullptr;
        who.of = nullptr;
    }
}

}  // namespace cohort::http
