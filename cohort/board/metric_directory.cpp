#include <cohort/board/metric_directory.hpp>

#include <cohort/board/detail/block_words.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cohort::board {

namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto relaxed = std::memory_order_relaxed;

constexpr unsigned hash_bits = 32;
constexpr unsigned text_bits = 18;
constexpr unsigned cells_bits = 12;
static_assert(metric_text_words == std::size_t{1} << text_bits);
static_assert(metric_page_words < std::size_t{1} << cells_bits);

/// The words of an entry's text: this one, then key and rest, each from a word on.
constexpr std::uint64_t shape_of(const metric_record& what) noexcept
{
    return std::uint64_t{what.parent} << 32 | what.key.size() << 16 | what.rest.size();
}

constexpr std::uint64_t entry_word(const metric_record& what, std::uint64_t at,
                                   std::uint64_t hash) noexcept
{
    return static_cast<std::uint64_t>(what.kind) << (cells_bits + text_bits + hash_bits) |
           std::uint64_t{what.cells} << (text_bits + hash_bits) | at << hash_bits |
           (hash & 0xffff'ffffU);
}

constexpr metric_directory::outline outline_of(std::uint64_t word) noexcept
{
    return {static_cast<metric_kind>(word >> (cells_bits + text_bits + hash_bits)),
            static_cast<std::uint32_t>(word >> (text_bits + hash_bits)) & ((1U << cells_bits) - 1)};
}

constexpr std::uint64_t text_of(std::uint64_t word) noexcept
{
    return word >> hash_bits & (metric_text_words - 1);
}

}  // namespace

std::optional<metric_directory::outline>
metric_directory::look_at(std::size_t number) const noexcept
{
    if (number >= metric_entries_max)
        return std::nullopt;
    const std::uint64_t word = in_->entries[number].word.load(acquire);
    if (word == 0)
        return std::nullopt;
    outline known = outline_of(word);
    if (known.cells > metric_page_words)
        known = {};
    return known;
}

std::optional<metric_record> metric_directory::read(std::size_t number) const
{
    const auto known = look_at(number);
    if (!known)
        return std::nullopt;
    const std::uint64_t word = in_->entries[number].word.load(acquire);
    std::uint64_t at = text_of(word);
    const std::uint64_t shape = in_->text[at].load(relaxed);
    metric_record found{.kind = known->kind,
                        .parent = static_cast<std::uint32_t>(shape >> 32),
                        .cells = known->cells,
                        .key = std::string(shape >> 16 & 0xffff, '\0'),
                        .rest = std::string(shape & 0xffff, '\0')};
    const std::uint64_t words =
        1 + detail::words_for(found.key.size()) + detail::words_for(found.rest.size());
    if (words > metric_text_words - at || found.parent >= metric_entries_max)
        return std::nullopt;
    detail::word_checksum sum{0, shape};
    for (std::string* const part : {&found.key, &found.rest}) {
        for (std::size_t i = 0; i < detail::words_for(part->size()); ++i) {
            const std::uint64_t each = in_->text[++at].load(relaxed);
            sum.add(each);
            std::memcpy(part->data() + i * 8, &each,
                        std::min<std::size_t>(8, part->size() - i * 8));
        }
    }
    if ((sum.value() & 0xffff'ffffU) != (word & 0xffff'ffffU))
        return std::nullopt;
    return found;
}

metric_directory::outcome metric_directory::append(std::size_t number, const metric_record& what,
                                                   metric_text& spare) const
{
    if (number >= metric_entries_max || what.key.size() + what.rest.size() > text_max)
        return outcome::full;
    const std::uint64_t words =
        1 + detail::words_for(what.key.size()) + detail::words_for(what.rest.size());
    if (spare.words < words) {
        std::uint64_t first = in_->text_taken.load(relaxed);
        do {
            if (first > metric_text_words || words > metric_text_words - first)
                return outcome::full;
        } while (!in_->text_taken.compare_exchange_weak(first, first + words, relaxed));
        spare = {first, words};
    }
    std::uint64_t at = spare.first;
    detail::word_checksum sum{0, shape_of(what)};
    in_->text[at].store(shape_of(what), relaxed);
    for (const std::string_view part : {std::string_view{what.key}, std::string_view{what.rest}}) {
        for (std::size_t i = 0; i < detail::words_for(part.size()); ++i) {
            const std::uint64_t each = detail::load_word(part, i);
            sum.add(each);
            in_->text[++at].store(each, relaxed);
        }
    }
    std::uint64_t none = 0;
    if (!in_->entries[number].word.compare_exchange_strong(
            none, entry_word(what, spare.first, sum.value()), std::memory_order_acq_rel))
        return outcome::taken;
    spare = {};
    return outcome::done;
}

void metric_directory::touch(std::size_t number, std::uint64_t now_ns) const noexcept
{
    if (number < metric_entries_max)
        in_->entries[number].touched_ns.store(now_ns, relaxed);
}

std::uint64_t metric_directory::touched_ns(std::size_t number) const noexcept
{
    return number < metric_entries_max ? in_->entries[number].touched_ns.load(relaxed) : 0;
}

void metric_directory::count_refused(std::size_t number) const noexcept
{
    if (number < metric_entries_max)
        in_->entries[number].refused.fetch_add(1, relaxed);
}

std::uint64_t metric_directory::refused(std::size_t number) const noexcept
{
    return number < metric_entries_max ? in_->entries[number].refused.load(relaxed) : 0;
}

}  // namespace cohort::board
