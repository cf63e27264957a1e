#include <cohort/board/flight.hpp>

#include <cohort/base/clock.hpp>
#include <cohort/base/octets.hpp>
#include <cohort/base/utf8.hpp>
#include <cohort/board/detail/block_words.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <new>
#include <utility>

namespace cohort::board {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

constexpr std::uint64_t complete(std::uint64_t number) noexcept { return 2 * (number + 1); }

std::uint64_t coarse_ns() noexcept
{
    return static_cast<std::uint64_t>(now_coarse().time_since_epoch().count());
}

/// Takes an entry for the event of that number. False: a thread has been in it for a whole round,
/// or one of a later round was faster.
bool take(std::atomic<std::uint64_t>& stamp, std::uint64_t number) noexcept
{
    std::uint64_t before = stamp.load(relaxed);
    return before % 2 == 0 && before < complete(number) &&
           stamp.compare_exchange_strong(before, complete(number) - 1, std::memory_order_acq_rel);
}

template <std::size_t Words>
void put_text(std::array<std::atomic<std::uint64_t>, Words>& to, std::string_view text) noexcept
{
    const std::size_t whole = text.size() / 8;
    const auto put_word = [&to, text](std::size_t i) {
        to[i].store(octets::load(text.data() + i * 8), relaxed);
    };
    std::size_t i = 0;
    // By hand: what is atomic no compiler unrolls, and lines of a log are long.
    for (; i + 4 <= whole; i += 4) {
        put_word(i);
        put_word(i + 1);
        put_word(i + 2);
        put_word(i + 3);
    }
    for (; i < whole; ++i)
        put_word(i);
    if (text.size() % 8 != 0)
        to[whole].store(detail::load_word(text, whole), relaxed);
}

void put(flight_entry& to, const flight_event& what) noexcept
{
    const std::string_view text = what.text.substr(0, flight_text_max);
    const std::uint64_t bytes = text.size();
    to.when_ns.store(what.when_ns != 0 ? what.when_ns : coarse_ns(), relaxed);
    to.facts.store(std::uint64_t{std::to_underlying(what.kind)} | bytes << 8 |
                       std::uint64_t{what.number} << 16 | std::uint64_t{what.subject} << 32,
                   relaxed);
    to.took_ns.store(static_cast<std::uint64_t>(what.took.count()), relaxed);
    put_text(to.text, text);
}

template <std::size_t Words>
std::string get_text(const std::array<std::atomic<std::uint64_t>, Words>& of, std::uint64_t bytes)
{
    std::array<char, Words * 8> text{};
    for (std::size_t i = 0; i < Words; ++i) {
        const std::uint64_t word = of[i].load(relaxed);
        std::memcpy(text.data() + i * 8, &word, sizeof word);
    }
    return {text.data(), std::min<std::size_t>(bytes, text.size())};
}

/// `facts`, taken apart.
struct entry_facts {
    flight_kind kind;
    std::uint8_t bytes;
    std::uint16_t number;
    std::uint32_t subject;
};

std::optional<entry_facts> read_facts(const flight_entry& from, std::uint64_t number) noexcept
{
    if (from.stamp.load(std::memory_order_acquire) != complete(number))
        return std::nullopt;
    const std::uint64_t facts = from.facts.load(relaxed);
    const auto kind = static_cast<std::uint8_t>(facts);
    if (kind == 0 || kind > std::to_underlying(flight_kind_last))
        return std::nullopt;
    return entry_facts{.kind = static_cast<flight_kind>(kind),
                       .bytes = static_cast<std::uint8_t>(facts >> 8),
                       .number = static_cast<std::uint16_t>(facts >> 16),
                       .subject = static_cast<std::uint32_t>(facts >> 32)};
}

std::optional<flight_moment> read_entry(const flight_entry& from, std::uint64_t number)
{
    const auto facts = read_facts(from, number);
    if (!facts)
        return std::nullopt;
    flight_moment seen;
    seen.kind = facts->kind;
    seen.when_ns = from.when_ns.load(relaxed);
    seen.number = facts->number;
    seen.subject = facts->subject;
    seen.took = std::chrono::nanoseconds{from.took_ns.load(relaxed) & INT64_MAX};
    seen.text = get_text(from.text, facts->bytes);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (from.stamp.load(relaxed) != complete(number))
        return std::nullopt;
    seen.text = printable(seen.text);
    return seen;
}

std::optional<std::string> read_line(const flight_line_entry& from, std::uint64_t number)
{
    if (from.stamp.load(std::memory_order_acquire) != complete(number))
        return std::nullopt;
    const std::uint64_t bytes = from.bytes.load(relaxed);
    std::string text = get_text(from.text, bytes);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (from.stamp.load(relaxed) != complete(number))
        return std::nullopt;
    text = printable(text);
    if (bytes > flight_line_max)
        text += "…";
    return text;
}

/// What is there of a ring, the oldest first.
template <std::size_t Size>
std::vector<flight_moment> read_ring(const std::array<flight_entry, Size>& ring,
                                     std::uint64_t written)
{
    std::vector<flight_moment> seen;
    for (std::uint64_t i = written - std::min<std::uint64_t>(written, Size); i < written; ++i) {
        if (auto one = read_entry(ring[i % Size], i))
            seen.push_back(*std::move(one));
    }
    return seen;
}

void clear(flight_page& page) noexcept
{
    for (flight_entry& each : page.loop)
        each.stamp.store(0, relaxed);
    for (flight_entry& each : page.threads)
        each.stamp.store(0, relaxed);
    for (flight_line_entry& each : page.line)
        each.stamp.store(0, relaxed);
    // Whoever counts on from here sees as well whose page it is.
    page.loop_events.store(0, std::memory_order_release);
    page.thread_events.store(0, std::memory_order_release);
    page.lines.store(0, std::memory_order_release);
    page.lost.store(0, relaxed);
    page.since_ns.store(coarse_ns(), relaxed);
}

constexpr std::uint32_t worker_of(std::uint64_t owner) noexcept
{
    return static_cast<std::uint32_t>(owner);
}

}  // namespace

result<flight_recorder> flight_recorder::open(const commons& in)
{
    auto area = in.area(flight_area_name, flight_area_bytes);
    if (!area)
        return std::unexpected(std::move(area).error());
    return flight_recorder{std::launder(reinterpret_cast<flight_slot*>(area->data()))};
}

result<flight_page*> flight_recorder::page_for(const flight_owner& who) const
{
    if (who.slot >= slots_max || who.worker == 0 || who.process >= 1U << 31)
        return failed(errc::bad_value, "record the flight of worker", std::to_string(who.worker));
    const std::uint64_t mine = std::uint64_t{who.process} << 32 | who.worker;
    auto& pages = slots_[who.slot].pages;
    // Two may come at once: one that was just born, and one that is about to be killed for it.
    for (std::size_t tries = 0; tries < 2 * flight_pages; ++tries) {
        flight_page* const oldest =
            std::ranges::min_element(pages, {}, [](const flight_page& each) {
                return worker_of(each.owner.load(std::memory_order_acquire));
            });
        std::uint64_t before = oldest->owner.load(std::memory_order_acquire);
        if (!oldest->owner.compare_exchange_strong(before, mine | flight_unready,
                                                   std::memory_order_acq_rel))
            continue;
        clear(*oldest);
        oldest->owner.store(mine, std::memory_order_release);
        return oldest;
    }
    return failed(errc::queue_full, "record the flight of worker", std::to_string(who.worker));
}

std::optional<flight_reading> flight_recorder::read(std::uint32_t slot, std::uint32_t worker) const
{
    if (slot >= slots_max || worker == 0)
        return std::nullopt;
    for (const flight_page& page : slots_[slot].pages) {
        const std::uint64_t owner = page.owner.load(std::memory_order_acquire);
        if (worker_of(owner) != worker || (owner & flight_unready) != 0)
            continue;
        flight_reading seen;
        seen.worker = worker;
        seen.process = static_cast<std::uint32_t>(owner >> 32);
        seen.since_ns = page.since_ns.load(relaxed);
        seen.lost = page.lost.load(relaxed);
        const std::uint64_t of_loop = page.loop_events.load(std::memory_order_acquire);
        const std::uint64_t of_threads = page.thread_events.load(std::memory_order_acquire);
        seen.total = of_loop + of_threads;
        // Each ring in its own order, whatever the coarse clock said.
        std::ranges::merge(read_ring(page.loop, of_loop), read_ring(page.threads, of_threads),
                           std::back_inserter(seen.events), {}, &flight_moment::when_ns,
                           &flight_moment::when_ns);
        const std::uint64_t lines = page.lines.load(std::memory_order_acquire);
        for (std::uint64_t i = lines - std::min<std::uint64_t>(lines, flight_lines); i < lines; ++i)
        {
            if (auto one = read_line(page.line[i % flight_lines], i))
                seen.lines.push_back(*std::move(one));
        }
        // Asked twice: whoever has it now has cleared it.
        if (page.owner.load(std::memory_order_acquire) != owner)
            return std::nullopt;
        return seen;
    }
    return std::nullopt;
}

namespace flight {

namespace {

/// Where this process writes, and who it was when it began to.
struct recording {
    std::atomic<flight_page*> page{nullptr};
    std::atomic<std::uint64_t> owner{0};
};
constinit recording ours;

[[gnu::tls_model("initial-exec")]] thread_local bool is_loop = false;

/// A later owner's page is nobody else's business: an old worker may live on for long.
flight_page* our_page() noexcept
{
    flight_page* const page = ours.page.load(std::memory_order_acquire);
    if (page == nullptr || page->owner.load(relaxed) != ours.owner.load(relaxed))
        return nullptr;
    return page;
}

/// On any other thread. False: it has no entry. The number may be one of a later owner, if this
/// thread was stopped on its way to it: then that one misses a number, and nothing of ours is
/// there.
bool begin_entry(flight_page& page, std::atomic<std::uint64_t>& stamp,
                 std::uint64_t number) noexcept
{
    if (our_page() != &page)
        return false;
    if (!take(stamp, number)) {
        page.lost.fetch_add(1, relaxed);
        return false;
    }
    std::atomic_thread_fence(std::memory_order_release);
    return true;
}

/// A later owner has cleared it, and will come to that number itself.
void end_entry(const flight_page& page, std::atomic<std::uint64_t>& stamp,
               std::uint64_t number) noexcept
{
    if (our_page() == &page)
        stamp.store(complete(number), std::memory_order_release);
}

/// On the loop: nobody else writes there.
void put_of_loop(flight_page& page, std::uint64_t number, const flight_event& what) noexcept
{
    flight_entry& to = page.loop[number % flight_loop_events];
    to.stamp.store(complete(number) - 1, relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    put(to, what);
    to.stamp.store(complete(number), std::memory_order_release);
}

}  // namespace

void record_on(flight_page* page) noexcept
{
    ours.page.store(nullptr, relaxed);
    ours.owner.store(page == nullptr ? 0 : page->owner.load(relaxed), relaxed);
    is_loop = page != nullptr;
    ours.page.store(page, std::memory_order_release);
}

bool is_recording() noexcept { return our_page() != nullptr; }

void note(const flight_event& what) noexcept
{
    flight_page* const page = our_page();
    if (page == nullptr)
        return;
    if (is_loop) {
        const std::uint64_t number = page->loop_events.load(relaxed);
        put_of_loop(*page, number, what);
        // Who was stopped in between finds another owner, who counts its own.
        if (our_page() == page)
            page->loop_events.store(number + 1, std::memory_order_release);
        return;
    }
    const std::uint64_t number = page->thread_events.fetch_add(1, std::memory_order_acquire);
    flight_entry& to = page->threads[number % flight_thread_events];
    if (!begin_entry(*page, to.stamp, number))
        return;
    put(to, what);
    end_entry(*page, to.stamp, number);
}

void count(flight_event what) noexcept
{
    flight_page* const page = our_page();
    if (page == nullptr)
        return;
    what.subject = 1;
    const std::uint64_t behind = is_loop ? page->loop_events.load(relaxed) : 0;
    const auto last = behind == 0
                          ? std::nullopt
                          : read_facts(page->loop[(behind - 1) % flight_loop_events], behind - 1);
    if (!last || last->kind != what.kind || last->number != what.number ||
        last->bytes != std::min(what.text.size(), flight_text_max))
        return note(what);
    what.subject = last->subject + 1;
    put_of_loop(*page, behind - 1, what);
}

void request_begins(std::uint32_t connection, std::string_view method, std::string_view target,
                    std::uint64_t when_ns) noexcept
{
    if (our_page() == nullptr)
        return;
    std::array<char, flight_text_max> text;
    const std::string_view path = target.substr(0, target.find('?'));
    std::size_t bytes = method.copy(text.data(), text.size() / 2);
    text[bytes++] = ' ';
    bytes += path.copy(text.data() + bytes, text.size() - bytes);
    note({.kind = flight_kind::begun,
          .subject = connection,
          .text = {text.data(), bytes},
          .when_ns = when_ns});
}

void line(std::string_view text) noexcept
{
    flight_page* const page = our_page();
    if (page == nullptr)
        return;
    const std::uint64_t number = page->lines.fetch_add(1, std::memory_order_acquire);
    flight_line_entry& to = page->line[number % flight_lines];
    if (!begin_entry(*page, to.stamp, number))
        return;
    to.bytes.store(text.size(), relaxed);
    put_text(to.text, text.substr(0, flight_line_max));
    end_entry(*page, to.stamp, number);
}

}  // namespace flight

}  // namespace cohort::board
