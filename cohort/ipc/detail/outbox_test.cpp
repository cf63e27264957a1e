#include <cohort/ipc/detail/outbox.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>

#include <array>
#include <string>

using namespace cohort;
using namespace cohort::ipc;
using ipc::detail::outbox;

namespace {

unique_fd any_descriptor() { return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

envelope plain(std::uint16_t kind, std::string body = {}) { return {kind, std::move(body)}; }

envelope laden(std::uint16_t kind)
{
    envelope what{kind};
    what.cargo.push_back(any_descriptor());
    return what;
}

}  // namespace

TEST_CASE("small envelopes leave together in one write")
{
    outbox out;
    for (std::uint16_t kind = 0; kind < 10; ++kind)
        out.push(plain(kind, "12345678"));
    std::array<iovec, 64> room;
    const auto batch = out.gather(room);
    CHECK(batch.total == 10 * (frame_header_bytes + 8));
    CHECK(batch.bytes.size() == 20);
    CHECK(batch.cargo.empty());
    out.sent(batch.total);
    CHECK(out.empty());
    CHECK(out.bytes() == 0);
    CHECK(out.left() == 10);
}

TEST_CASE("an envelope with cargo begins a write of its own, those behind it may join it")
{
    outbox out;
    out.push(plain(1));
    out.push(laden(2));
    out.push(plain(3));
    out.push(laden(4));
    std::array<iovec, 64> room;

    auto batch = out.gather(room);
    CHECK(batch.total == frame_header_bytes);
    CHECK(batch.cargo.empty());
    out.sent(batch.total);

    batch = out.gather(room);
    CHECK(batch.total == 2 * frame_header_bytes);
    CHECK(batch.cargo.size() == 1);
    out.sent(batch.total);

    batch = out.gather(room);
    CHECK(batch.total == frame_header_bytes);
    CHECK(batch.cargo.size() == 1);
    out.sent(batch.total);
    CHECK(out.empty());
}

TEST_CASE("cargo leaves with the first byte and is not sent again with the rest")
{
    outbox out;
    out.push(laden(1));
    out.push(laden(2));
    std::array<iovec, 64> room;
    REQUIRE(out.gather(room).cargo.size() == 1);
    out.sent(1);
    CHECK(out.front_begun());
    const auto batch = out.gather(room);
    CHECK(batch.cargo.empty());
    CHECK(batch.total == frame_header_bytes - 1);
}

TEST_CASE("a write that is taken byte by byte shows the same stream")
{
    outbox out;
    out.push(plain(1, "one"));
    out.push(plain(2));
    out.push(plain(3, "three"));
    std::array<iovec, 64> room;
    std::string whole;
    for (const iovec& piece : out.gather(room).bytes)
        whole.append(static_cast<const char*>(piece.iov_base), piece.iov_len);

    std::string stream;
    while (!out.empty()) {
        const auto batch = out.gather(room);
        stream.push_back(*static_cast<const char*>(batch.bytes.front().iov_base));
        out.sent(1);
    }
    CHECK(stream == whole);
}

TEST_CASE("a batch stops where the room for its pieces ends")
{
    outbox out;
    for (std::uint16_t kind = 0; kind < 100; ++kind)
        out.push(plain(kind, "x"));
    std::array<iovec, 7> room;
    CHECK(out.gather(room).total == 3 * (frame_header_bytes + 1));
}

TEST_CASE("an envelope can be withdrawn until its first byte has left")
{
    outbox out;
    const auto first = out.push(plain(1, "body"));
    const auto second = out.push(plain(2));
    out.sent(3);
    CHECK_FALSE(out.withdraw(first));
    CHECK(out.withdraw(second));
    CHECK_FALSE(out.withdraw(second));
    CHECK_FALSE(out.done(first));
    out.sent(frame_header_bytes + 4 - 3);
    CHECK(out.done(first));
    CHECK(out.empty());
}

TEST_CASE("what never left can be taken back, oldest first, with its descriptors")
{
    outbox out;
    out.push(plain(1));
    out.push(laden(2));
    const auto all = out.take_all();
    REQUIRE(all.size() == 2);
    CHECK(all[0].kind == 1);
    CHECK(all[1].cargo.size() == 1);
    CHECK(out.empty());
}
