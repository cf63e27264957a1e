#include <cohort/observe/piece_search.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using cohort::observe::piece_search;

namespace {

constexpr std::size_t page = 64;  // small, so that a test can be read

/// As lines of a log begin: all alike.
std::string line(int number, std::size_t length = 30)
{
    std::string text = "{\"timestamp\":" + std::to_string(number) + ",\"";
    text.resize(length - 1, 'x');
    return text + '\n';
}

/// Lines of others, so that what follows begins there in the file.
std::string others_up_to(std::size_t length) { return std::string(length - 1, 'o') + '\n'; }

/// From the end to the beginning, `step` bytes at a time.
void look(piece_search& search, std::string_view file, std::size_t step)
{
    for (std::size_t end = file.size(); end > 0 && !search.over();) {
        const std::size_t begin = end - std::min(end, step);
        const std::size_t from = begin - std::min(begin, piece_search::margin_before);
        const std::size_t to = std::min(end + search.margin_behind(), file.size());
        search.look_at({.text = file.substr(from, to - from),
                        .at = from,
                        .begin = begin - from,
                        .end = end - from,
                        .last = to == file.size()});
        end = begin;
    }
}

struct answer {
    std::size_t whole = 0;
    std::string half{};  // what would be blanked
    std::size_t halves = 0;

    bool operator==(const answer&) const = default;
};

/// However the file is cut into stretches, the answer is the same.
answer ask(const std::string& piece, const std::string& file)
{
    answer first;
    for (const std::size_t step : {std::size_t{1} << 20, std::size_t{1000}, std::size_t{7}}) {
        piece_search search{piece, page};
        look(search, file, step);
        answer got{.whole = search.whole(), .halves = search.halves().size()};
        if (got.halves > 0)
            got.half = file.substr(search.halves()[0].at, search.halves()[0].length);
        if (step == std::size_t{1} << 20)
            first = got;
        else
            CHECK(got == first);
    }
    return first;
}

}  // namespace

TEST_CASE("a piece that is there is there, whatever others wrote around it")
{
    const std::string piece = line(1) + line(2) + line(3);
    CHECK(ask(piece, piece) == answer{.whole = piece.size()});
    CHECK(ask(piece, others_up_to(50) + piece + others_up_to(40)) == answer{.whole = piece.size()});
}

TEST_CASE("of a piece that is not there nothing is found")
{
    const std::string piece = line(1) + line(2);
    CHECK(ask(piece, "") == answer{});
    CHECK(ask(piece, others_up_to(500)) == answer{});
    CHECK(ask(piece, line(5) + line(6, 200) + line(7)) == answer{});
}

TEST_CASE("a piece that was cut at a line's end is there up to it")
{
    const std::string piece = line(1, 32) + line(2, 32) + line(3);
    CHECK(ask(piece, piece.substr(0, 64)) == answer{.whole = 64});
    // Its next line begins as that of somebody else does, which nobody may touch.
    CHECK(ask(piece, piece.substr(0, 64) + line(4, 100)) == answer{.whole = 64});
    CHECK(ask(piece, piece.substr(0, 64) + line(4, 20)) == answer{.whole = 64});
}

TEST_CASE("half a line is told from the line of somebody else that follows it")
{
    const std::string piece = line(1, 40) + line(2, 40) + line(3, 40);
    const std::string half = piece.substr(40, 24);
    CHECK(ask(piece, piece.substr(0, 64)) == answer{40, half, 1});
    CHECK(ask(piece, piece.substr(0, 64) + line(4, 90)) == answer{40, half, 1});
    CHECK(ask(piece, piece.substr(0, 64) + "a log of another kind\n") == answer{40, half, 1});
    // Where the line itself goes on as others begin, a byte may belong to either: that one is left.
    const std::string alike = line(1, 40) + "{\"timestamp\":2,\"said\":\"a{" + line(3, 40);
    const std::string cut = alike.substr(0, 64) + line(4, 90);
    CHECK(ask(alike, cut) == answer{40, alike.substr(40, 24), 1});
}

TEST_CASE("half of the first line is found at the end, and where a page begins")
{
    const std::string piece = line(1, 40) + line(2);
    const std::string half = piece.substr(0, 24);
    CHECK(ask(piece, others_up_to(40) + half) == answer{0, half, 1});
    CHECK(ask(piece, others_up_to(40) + half + line(4, 90)) == answer{0, half, 1});
    CHECK(ask(piece, others_up_to(40) + half + line(4, 90) + line(5, 90)) == answer{0, half, 1});
    CHECK(ask(piece, others_up_to(40) + half + '\n' + line(4, 90)) == answer{0, half, 1});
    CHECK(ask(piece, half.substr(0, 4)) == answer{0, half.substr(0, 4), 1});
    CHECK(ask(piece, others_up_to(63) + half.substr(0, 1)) == answer{0, half.substr(0, 1), 1});
    // Somebody else may have begun a line so, and ours are not cut there.
    CHECK(ask(piece, half.substr(0, 1)) == answer{});
    // No page begins there: no write of ours ended there.
    CHECK(ask(piece, others_up_to(41) + half + line(4, 90)) == answer{});
}

TEST_CASE("half of the first line is found where a page of the writer's memory began")
{
    const std::string piece = line(1) + line(2);
    const std::string file = others_up_to(9) + piece.substr(0, 21) + line(7) + line(8);
    piece_search search{piece, page, page - 21};
    look(search, file, 1000);
    CHECK(search.whole() == 0);
    REQUIRE(search.halves().size() == 1);
    CHECK(search.halves()[0].at == 9);
    CHECK(search.halves()[0].length == 21);

    piece_search elsewhere{piece, page, page - 20};
    look(elsewhere, file, 1000);
    CHECK(elsewhere.halves().empty());
}

TEST_CASE("half of a line that is longer than a page is found behind somebody else's half, too")
{
    const std::string piece = line(1, 200) + line(2);
    const std::string half = piece.substr(0, 128);
    const std::string another = others_up_to(40) + line(7, 100).substr(0, 24);
    CHECK(ask(piece, another + half) == answer{0, half, 1});
    CHECK(ask(piece, another + half + line(4, 90)) == answer{0, half, 1});
    CHECK(ask(piece, others_up_to(64) + half + line(4, 90)) == answer{0, half, 1});
}

TEST_CASE("a line of somebody else that begins as ours does is left alone")
{
    const std::string piece = line(1, 100) + line(2);
    // They differ behind the beginning of the page, right there, and before it.
    for (const std::size_t differs : {30U, 24U, 20U}) {
        std::string other = line(1, 100);
        other[differs] = 'y';
        CHECK(ask(piece, others_up_to(40) + other) == answer{});
    }
}

TEST_CASE("halves of several who were killed at once are found, of those whose lines begin alike")
{
    const std::string piece = line(1, 100);
    const std::string file =
        others_up_to(60) + "{\"ti" + line(4, 60) + "{\"ti" + line(5, 30) + others_up_to(300);
    CHECK(ask(piece, file) == answer{0, "{\"ti", 2});
}

TEST_CASE("of several places the one counts where most of the piece is")
{
    const std::string piece = line(1) + line(2) + line(3);
    CHECK(ask(piece, line(1) + line(2) + line(7) + line(1) + line(8)) == answer{.whole = 60});
    // A line of ours that stands in somebody else's is none.
    CHECK(ask(piece, "somebody said " + line(1) + line(8)) == answer{});
    // Behind half a line of somebody who was killed it is one.
    CHECK(ask(piece, others_up_to(50) + std::string(14, 'h') + piece) ==
          answer{.whole = piece.size()});
}

TEST_CASE("lines that tell nothing, and texts without a line's end, are searched for all the same")
{
    CHECK(ask("\n\nx\n", "\n\nx\n") == answer{.whole = 4});
    CHECK(ask("x\ny\n", "a\nb\n") == answer{});
    CHECK(ask("no end", "no end") == answer{.whole = 6});
    CHECK(ask("no end", "no e") == answer{0, "no e", 1});
    CHECK(ask("x", "") == answer{});
}

TEST_CASE("equal lines by the million take no time to speak of")
{
    std::string file;
    for (int i = 0; i < 1 << 20; ++i)
        file += "x\n";
    std::string piece = file.substr(0, 1 << 16);
    piece += "y\n";
    piece_search search{piece, 4096};
    look(search, file, std::size_t{1} << 20);
    CHECK(search.over());
    CHECK(search.whole() == 1 << 16);
}
