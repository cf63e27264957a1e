// How listeners outlive a primary.

#include <cohort/primary/listeners.hpp>

#include <cohort/net/socket_address.hpp>
#include <cohort/net/socket_option.hpp>
#include <cohort/observe/log.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace cohort::primary {

namespace {

using board::held_number;

/// Is it open, and what it was written down as? A number may mean something else by now.
bool is_bound_to(held_number held, const net::endpoint& where)
{
    if (!held.any())
        return false;
    const bool datagrams = where.kind() == net::endpoint::family::udp;
    const int listens = net::socket_option(held.number(), SOL_SOCKET, SO_ACCEPTCONN);
    if (listens == -1 || (listens != 0) == datagrams)
        return false;
    const auto real = net::local_endpoint(held.number());
    return real && *real == where;
}

std::unique_ptr<open_endpoint> read(const board::ledger_endpoint& from)
{
    auto asked = net::endpoint::parse(from.asked.view());
    auto real = net::endpoint::parse(from.real.view());
    if (!asked || !real || !is_bound_to(from.socket, *real))
        return nullptr;
    auto made = std::make_unique<open_endpoint>();
    made->number = from.number;
    made->index = from.index;
    made->asked = *std::move(asked);
    made->real = *std::move(real);
    made->how.backlog = from.backlog;
    made->how.v6_only = from.v6_only;
    made->how.reuse_port = from.reuse_port;
    if (from.unix_mode_plus_one != 0)
        made->how.unix_mode = from.unix_mode_plus_one - 1;
    made->socket.reset(from.socket.number());
    for (std::uint32_t slot = 0; slot < from.queues.size(); ++slot) {
        if (is_bound_to(from.queues[slot], made->real))
            made->by_slot[slot].reset(from.queues[slot].number());
    }
    if (made->asked.kind() == net::endpoint::family::unix_path) {
        if (auto file = net::unix_socket_file::of(made->asked))
            made->file = *std::move(file);
    }
    return made;
}

}  // namespace

void listeners::write_down(const open_endpoint& what) const noexcept
{
    if (book_ == nullptr)
        return;
    // Its own record, or a free one.
    const auto find = [this](std::uint32_t number) {
        std::size_t at = 0;
        while (at < board::ledger_endpoints_max && book_->endpoint(at).value().number != number)
            ++at;
        return at;
    };
    std::size_t at = find(what.number);
    if (at == board::ledger_endpoints_max)
        at = find(0);
    board::ledger_endpoint words;
    const bool fits = at < board::ledger_endpoints_max && words.asked.set(what.asked.text()) &&
                      words.real.set(what.real.text());
    if (!fits) {
        log::warn("endpoint {} will not outlive this process: the ledger has no room for it",
                  what.real.text());
        return;
    }
    words.number = what.number;
    words.index = what.index;
    words.backlog = what.how.backlog;
    words.v6_only = what.how.v6_only;
    words.reuse_port = what.how.reuse_port;
    words.unix_mode_plus_one =
        what.how.unix_mode ? static_cast<std::uint32_t>(*what.how.unix_mode) + 1 : 0;
    words.socket = held_number::of(what.socket.borrow());
    for (const auto& [slot, queue] : what.by_slot) {
        if (slot < words.queues.size())
            words.queues[slot] = held_number::of(queue.borrow());
    }
    book_->endpoint(at).commit(words);
    // Numbers are never given twice: what a worker says of a closed endpoint names no other.
    book_->head().last_endpoint.store(last_number_, std::memory_order_release);
}

std::vector<int> listeners::recover(const board::ledger& book)
{
    write_to(book);
    std::vector<int> held;
    for (std::size_t i = 0; i < board::ledger_endpoints_max; ++i) {
        const board::ledger_endpoint& words = book.endpoint(i).value();
        if (words.number == 0)
            continue;
        auto made = read(words);
        if (!made) {
            log::error("endpoint {} is not what the last primary left; it is opened anew when "
                       "somebody asks",
                       words.real.view());
            book.endpoint(i).commit({});
            continue;
        }
        held.push_back(made->socket.borrow());
        for (const auto& [slot, queue] : made->by_slot)
            held.push_back(queue.borrow());
        by_key_[std::make_tuple(made->asked.text(), made->how.v6_only, made->index)] = made->number;
        last_number_ = std::max(last_number_, made->number);
        open_.emplace(made->number, std::move(made));
    }
    last_number_ = std::max(last_number_, book.head().last_endpoint.load());
    return held;
}

void listeners::holds_again(std::uint32_t id, std::uint32_t number)
{
    if (const auto at = open_.find(number); at != open_.end())
        at->second->holders.insert(id);
}

}  // namespace cohort::primary
