#include <cohort/process/descriptors.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>

#include <sys/resource.h>
#include <sys/un.h>

#include <algorithm>

using namespace cohort;
using namespace cohort::process;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

bool contains(const std::vector<int>& list, int fd)
{
    return std::ranges::find(list, fd) != list.end();
}

unique_fd accept_from(const unique_fd& listener)
{
    unique_fd taken{::accept4(listener.borrow(), nullptr, nullptr, SOCK_CLOEXEC)};
    REQUIRE(taken.valid());
    return taken;
}

unique_fd listen_at(const sockaddr_in6& where)
{
    unique_fd made{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(made.valid());
    REQUIRE(::bind(made.borrow(), reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    REQUIRE(::listen(made.borrow(), 8) == 0);
    return made;
}

void record(board::journal& journal, int fd)
{
    board::connection_state state;
    state.now = board::standing::idle;
    journal.record(fd)->commit(state);
}

/// Sweeps, and gives those that were swept away back to nobody.
std::vector<int> sweep_all(board::journal& journal, const std::vector<int>& keep,
                           std::vector<unique_fd*> owners)
{
    auto found = sweep(journal, keep);
    REQUIRE(found);
    for (unique_fd* owner : owners) {
        if (!is_open(owner->borrow()))
            static_cast<void>(owner->release());
    }
    return *found;
}

}  // namespace

TEST_CASE("the list of descriptors has every one and not its own")
{
    const unique_fd one{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const auto open = open_descriptors();
    REQUIRE(open);
    CHECK(std::ranges::is_sorted(*open));
    CHECK(contains(*open, one.borrow()));
    CHECK(std::ranges::all_of(*open, is_open));
}

TEST_CASE("a table without a free number is listed all the same")
{
    auto born = process::clone(kit::permit(), {}, []() noexcept {
        constexpr rlimit few{20, 20};
        ::setrlimit(RLIMIT_NOFILE, &few);
        while (::open("/dev/null", O_RDONLY | O_CLOEXEC) != -1) {
        }
        const auto open = open_descriptors();
        ::_exit(open && open->size() == 20 ? 0 : 1);
    });
    REQUIRE(born);
    CHECK(born->wait().success());
}

TEST_CASE("a sweep leaves connections with a record, and closes the rest")
{
    auto journal = kit::make_journal();
    auto pristine = record_pristine(journal.header());
    REQUIRE(pristine);
    CHECK(journal.header().pristine_count.load() == pristine->size());

    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    unique_fd recorded{ends[0]};
    unique_fd not_recorded{ends[1]};
    unique_fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    unique_fd lying{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    record(journal, recorded.borrow());
    record(journal, lying.borrow());  // no socket: a record can say anything
    record(journal, pristine->front());

    const auto found = sweep_all(journal, *pristine, {&recorded, &not_recorded, &file, &lying});
    CHECK(found == std::vector<int>{recorded.borrow()});
    CHECK_FALSE(not_recorded.valid());
    CHECK_FALSE(file.valid());
    CHECK_FALSE(lying.valid());
    CHECK(std::ranges::all_of(*pristine, is_open));
}

TEST_CASE("a connection that was accepted and not recorded yet is found by its address")
{
    auto journal = kit::make_journal();
    auto door = kit::open_door();
    auto client = kit::knock(door.address);
    auto other = kit::open_door();
    bool listener_is_pristine = false;
    SUBCASE("the listener belongs to the keeper, too") { listener_is_pristine = true; }
    SUBCASE("the listener was the dead one's") {}

    auto pristine = open_descriptors();
    REQUIRE(pristine);
    if (!listener_is_pristine)
        std::erase(*pristine, door.socket.borrow());
    std::erase(*pristine, other.socket.borrow());
    auto accepted = accept_from(door.socket);
    auto outgoing = kit::knock(other.address);  // a connection that the dead had made itself
    auto unconnected = unique_fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    const auto found = sweep_all(journal, *pristine,
                                 {&door.socket, &other.socket, &accepted, &outgoing, &unconnected});
    CHECK(found == std::vector<int>{accepted.borrow()});
    CHECK(door.socket.valid() == listener_is_pristine);
    CHECK_FALSE(other.socket.valid());
    CHECK_FALSE(outgoing.valid());
    CHECK_FALSE(unconnected.valid());
}

TEST_CASE("a listener for all addresses stands for IPv4 and IPv6")
{
    auto journal = kit::make_journal();
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    auto listener = listen_at(any);
    socklen_t size = sizeof any;
    ::getsockname(listener.borrow(), reinterpret_cast<sockaddr*>(&any), &size);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = any.sin6_port;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto client = kit::knock(v4);
    auto pristine = open_descriptors();
    REQUIRE(pristine);
    auto accepted = accept_from(listener);
    CHECK(sweep_all(journal, *pristine, {&accepted}) == std::vector<int>{accepted.borrow()});
}

TEST_CASE("a connection to a listener with a name in the file system is found")
{
    auto journal = kit::make_journal();
    const kit::temporary_folder folder;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    (folder.path() + "/door").copy(name.sun_path, sizeof name.sun_path - 1);
    const auto* address = reinterpret_cast<const sockaddr*>(&name);
    unique_fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::bind(listener.borrow(), address, sizeof name) == 0);
    REQUIRE(::listen(listener.borrow(), 8) == 0);
    unique_fd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::connect(client.borrow(), address, sizeof name) == 0);

    auto pristine = open_descriptors();
    REQUIRE(pristine);
    std::erase(*pristine, client.borrow());
    auto accepted = accept_from(listener);
    // The calling end has no name, and belongs to nobody.
    CHECK(sweep_all(journal, *pristine, {&accepted, &client}) ==
          std::vector<int>{accepted.borrow()});
    CHECK_FALSE(client.valid());
}
