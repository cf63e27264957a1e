#include <cohort/board/message_ring.hpp>

#include <cohort/base/random.hpp>
#include <cohort/board/detail/ring_writer.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace cohort;
using namespace cohort::board;
using namespace std::chrono_literals;

namespace {

constexpr steady_time start{1h};

/// A ring in memory of our own.
struct own_ring {
    explicit own_ring(std::uint32_t blocks)
        : bytes{message_ring::bytes_for(blocks)},
          memory{new(std::align_val_t{4096}) std::byte[bytes]{}},
          ring{std::span{memory, bytes}}
    {}
    ~own_ring() { ::operator delete[](memory, std::align_val_t{4096}); }
    own_ring(const own_ring&) = delete;
    own_ring& operator=(const own_ring&) = delete;

    std::size_t bytes;
    std::byte* memory;
    message_ring ring;
};

struct heard {
    std::uint64_t id = 0;
    std::string topic;
    std::string text;

    friend bool operator==(const heard&, const heard&) = default;
};

/// Everything there is for this reader, whose clock stands still.
std::vector<heard> drain(ring_reader& from, steady_time now = start)
{
    std::vector<heard> all;
    while (from.look(now) == ring_reader::found::message) {
        heard one{from.id(), std::string{from.topic()}, {}};
        if (from.read(one.text))
            all.push_back(std::move(one));
    }
    return all;
}

/// The same, by somebody who waits for those that write.
std::vector<heard> drain_patiently(ring_reader& from)
{
    auto all = drain(from, start);
    for (auto& each : drain(from, start + ring_reader::patience))
        all.push_back(std::move(each));
    return all;
}

std::string text_of(std::size_t bytes, std::uint64_t seed)
{
    random_source dice{seed};
    std::string text(bytes, '\0');
    for (char& each : text)
        each = static_cast<char>(dice.next());
    return text;
}

struct death {};

/// What happens before the writer's step of that number.
struct probe {
    std::size_t at;
    std::move_only_function<void()> happens;
    std::size_t steps = 0;

    void operator()()
    {
        if (steps++ == at)
            happens();
    }
};

/// A message of three blocks.
const std::string long_text = text_of(1200, 1);

/// How many steps its writer takes.
std::size_t steps_of_long_text()
{
    own_ring all{16};
    probe count{.at = ~std::size_t{0}, .happens = [] {}};
    REQUIRE(ring_writer{all.ring, count}.write("t", long_text));
    return count.steps;
}

}  // namespace

TEST_CASE("what is published is read by everybody, byte for byte and in order")
{
    own_ring all{4096};
    ring_reader before{all.ring, 0};
    std::vector<heard> said;
    for (const std::size_t bytes :
         {0U,   1U,   7U,   8U,   9U,   470U,  471U,  472U,  473U,  479U,    480U,   481U,
          975U, 976U, 977U, 984U, 985U, 1480U, 1488U, 1489U, 5000U, 65'535U, 65'536U})
    {
        for (const std::size_t topic : {1U, 8U, 9U, 255U}) {
            heard one{0, std::string(topic, 't'), text_of(bytes, bytes)};
            const auto id = all.ring.publish(one.topic, one.text);
            REQUIRE(id);
            one.id = *id;
            said.push_back(std::move(one));
        }
    }
    ring_reader late{all.ring, 0};
    CHECK(drain(before) == said);
    CHECK(drain(late) == said);
    CHECK(before.lost() == 0);
    CHECK(drain(before).empty());
    CHECK(all.ring.total().published == said.size());
    CHECK(all.ring.total().torn == 0);
}

TEST_CASE("a reader goes on after any message, and never before what was there when it came")
{
    own_ring all{64};
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 10; ++i)
        ids.push_back(all.ring.publish("t", text_of(900, 1)).value());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ring_reader after{all.ring, ids[i]};
        CHECK(drain(after).size() == ids.size() - 1 - i);
        CHECK(after.position() == all.ring.last());
    }
    ring_reader future{all.ring, 1'000'000};
    CHECK(drain(future).empty());
    REQUIRE(all.ring.publish("t", "x"));
    CHECK(drain(future).size() == 1);
}

TEST_CASE("topics have 1 to 255 bytes, and texts as much as there is room for")
{
    own_ring all{4096};
    CHECK(all.ring.publish("", "x").error().why() == errc::bad_value);
    CHECK(all.ring.publish(std::string(256, 't'), "x").error().why() == errc::bad_value);
    CHECK(all.ring.room() == message_ring::text_bytes_max);
    CHECK(all.ring.publish("t", text_of(65'537, 1)).error().why() == errc::too_large);
    own_ring small{message_ring::blocks_min};
    CHECK(small.ring.room() == 224);
    CHECK(small.ring.publish(std::string(255, 't'), text_of(224, 1)));
    CHECK(small.ring.publish("t", text_of(225, 1)).error().why() == errc::too_large);
}

TEST_CASE("a reader that was overtaken goes on with what is there, and knows that it lost some")
{
    own_ring all{64};
    ring_reader slow{all.ring, 0};
    REQUIRE(all.ring.publish("t", "first"));
    CHECK(drain(slow).size() == 1);
    std::uint64_t last = 0;
    for (int i = 0; i < 1000; ++i)
        last = all.ring.publish("t", std::to_string(i)).value();
    const auto heard = drain(slow);
    CHECK(slow.lost() + heard.size() == 1000);
    CHECK(heard.size() == 64 - 8);
    CHECK(heard.back().id == last);
    CHECK(heard.back().text == "999");
    for (std::size_t i = 1; i < heard.size(); ++i)
        CHECK(heard[i].id > heard[i - 1].id);
}

TEST_CASE("what is overwritten between look and read is lost, not mixed up")
{
    own_ring all{64};
    ring_reader slow{all.ring, 0};
    REQUIRE(all.ring.publish("t", text_of(1500, 1)));
    REQUIRE(slow.look(start) == ring_reader::found::message);
    for (int i = 0; i < 64; ++i)
        REQUIRE(all.ring.publish("other", text_of(100, 2)));
    std::string text = "before";
    CHECK_FALSE(slow.read(text));
    CHECK(text.empty());
    CHECK(slow.lost() == 1);
}

TEST_CASE("a writer that dies at any step hides nothing that others publish")
{
    const std::size_t steps = steps_of_long_text();
    REQUIRE(steps > 150);
    for (std::size_t at = 0; at < steps; ++at) {
        CAPTURE(at);
        own_ring all{64};
        ring_reader reader{all.ring, 0};
        REQUIRE(all.ring.publish("t", "before"));
        probe dies{.at = at, .happens = [] { throw death{}; }};
        CHECK_THROWS_AS(ring_writer(all.ring, dies).write("t", long_text), death);
        REQUIRE(all.ring.publish("t", "after"));

        const auto at_once = drain(reader, start);
        REQUIRE(!at_once.empty());
        CHECK(at_once.front().text == "before");
        const auto later = drain(reader, start + ring_reader::patience);
        const std::size_t more = at_once.size() + later.size();
        CHECK(more == 2);  // it never committed
        CHECK((later.empty() ? at_once : later).back().text == "after");
        CHECK(reader.look(start + 1h) == ring_reader::found::nothing);
        CHECK(reader.lost() == 0);
        // Nor does what it left stand in the way of the next rounds.
        for (int i = 0; i < 200; ++i) {
            REQUIRE(all.ring.publish("t", std::to_string(i)));
            CHECK(drain(reader, start + 2h).size() == 1);
        }
    }
}

TEST_CASE("many dead writers cost a reader one wait")
{
    own_ring all{256};
    ring_reader reader{all.ring, 0};
    for (int i = 0; i < 40; ++i) {
        probe dies{.at = 5, .happens = [] { throw death{}; }};
        CHECK_THROWS_AS(ring_writer(all.ring, dies).write("t", long_text), death);
        REQUIRE(all.ring.publish("t", std::to_string(i)));
    }
    CHECK(reader.look(start) == ring_reader::found::unfinished);
    CHECK(drain(reader, start + ring_reader::patience - 1ms).empty());
    CHECK(drain(reader, start + ring_reader::patience).size() == 40);
    CHECK(all.ring.total().abandoned == 120);
}

TEST_CASE("a writer given up at any step publishes again, and no reader sees the message twice")
{
    const std::size_t steps = steps_of_long_text();
    for (std::size_t at = 1; at < steps; ++at) {
        CAPTURE(at);
        own_ring all{64};
        ring_reader eager{all.ring, 0};
        ring_reader late{all.ring, 0};
        std::vector<heard> seen;
        probe stalls{.at = at, .happens = [&] { seen = drain_patiently(eager); }};
        const auto first = ring_writer{all.ring, stalls}.write("t", long_text);
        CHECK_FALSE(first);
        CHECK(seen.empty());
        const auto again = all.ring.publish("t", long_text);
        REQUIRE(again);
        const std::vector<heard> expected{{*again, "t", long_text}};
        CHECK(drain_patiently(eager) == expected);
        CHECK(drain_patiently(late) == expected);
    }
}

TEST_CASE("a reader that begins in the middle of an unfinished message spoils it for all or none")
{
    const std::size_t steps = steps_of_long_text();
    for (std::size_t at = 1; at < steps; ++at) {
        for (const std::uint64_t from : {1U, 2U}) {
            CAPTURE(at);
            own_ring all{64};
            ring_reader odd{all.ring, 0};
            ring_reader even{all.ring, 0};
            probe stalls{.at = at, .happens = [&] {
                             odd = ring_reader{all.ring, from};
                             CHECK(drain_patiently(odd).empty());
                         }};
            const auto done = ring_writer{all.ring, stalls}.write("t", long_text);
            const auto seen = drain_patiently(even);
            CHECK(seen.size() == (done ? 1U : 0U));
        }
    }
}

TEST_CASE("a writer that stalls while the ring goes round spoils at most what lies there")
{
    const std::size_t steps = steps_of_long_text();
    for (std::size_t at = 1; at < steps; ++at) {
        CAPTURE(at);
        own_ring all{32};
        std::map<std::uint64_t, std::string> said;
        probe stalls{.at = at, .happens = [&] {
                         for (int i = 0; i < 33; ++i) {
                             const std::string text = text_of(100, static_cast<unsigned>(i));
                             said[all.ring.publish("u", text).value()] = text;
                         }
                     }};
        // It was overtaken: whatever it does after that, it has not published.
        CHECK_FALSE(ring_writer{all.ring, stalls}.write("t", long_text));
        ring_reader reader{all.ring, all.ring.oldest()};
        const auto seen = drain_patiently(reader);
        CHECK(seen.size() + 1 >= 32);
        for (const heard& each : seen)
            CHECK(said.at(each.id) == each.text);
        CHECK(seen.size() + reader.lost() == 32);
    }
}

TEST_CASE("nonsense in the ring is neither read nor waited for without end")
{
    random_source dice{7};
    for (int round = 0; round < 200; ++round) {
        own_ring all{32};
        for (int i = 0; i < 100; ++i)
            REQUIRE(all.ring.publish("t", text_of(dice.next() % 1000, dice.next())));
        ring_reader reader{all.ring, all.ring.oldest()};
        for (int i = 0; i < 100; ++i) {
            const std::size_t word = dice.next() % ((all.bytes - sizeof(ring_head)) / 8);
            std::uint64_t value = dice.next();
            if (value % 4 == 0)
                value >>= 48;
            std::memcpy(all.memory + sizeof(ring_head) + word * 8, &value, 8);
        }
        std::size_t seen = drain_patiently(reader).size();
        CHECK(seen <= 32);
        CHECK(reader.look(start + 1h) != ring_reader::found::message);
        CHECK(reader.look(start + 2h) == ring_reader::found::nothing);
        for (int i = 0; i < 100; ++i)
            static_cast<void>(all.ring.publish("t", "x"));
        seen = drain_patiently(reader).size();
        CHECK(seen <= 32);
    }
}
