#include <cohort/config/memory_room.hpp>

#include <doctest/doctest.h>

using namespace cohort::config;

namespace {

constexpr std::uint64_t mebi = 1 << 20;

settings bounded(std::uint64_t memory, std::uint64_t body)
{
    settings all;
    all.limit.memory_bytes = memory;
    all.limit.body_bytes = body;
    all.keepers = true;
    return all;
}

}  // namespace

TEST_CASE("a journal takes at most half of what a slot may have in memory")
{
    CHECK(journal_bytes(settings{}) == journal_bytes_most);
    CHECK(journal_bytes(bounded(64 * mebi, mebi)) == 32 * mebi);
    CHECK(journal_bytes(bounded(mebi, 0)) == mebi / 2);
    CHECK(journal_bytes(bounded(4096 * mebi, mebi)) == journal_bytes_most);
}

TEST_CASE("a limit that the largest request does not fit into is called narrow, with numbers")
{
    CHECK(narrow_memory(settings{}).empty());
    CHECK(narrow_memory(bounded(64 * mebi, 16 * mebi)).empty());
    CHECK(narrow_memory(bounded(4096 * mebi, 1024 * mebi)).empty());
    CHECK(narrow_memory(bounded(16 * mebi, 16 * mebi)) ==
          "limit.memory = 16M leaves 8M for requests that outlive their worker, and the largest "
          "that may come has 16400K (limit.body + limit.head): it ends with its worker");
    settings program = bounded(mebi, mebi);
    program.exec = "server.py";
    CHECK(narrow_memory(program).empty());
}
