// Deaths in great number, and what must not grow with them. It tests keeper.hpp, and stands apart
// because of its length.

#include <cohort/process/descriptors.hpp>
#include <cohort/process/detail/pair_kit_test.hpp>

#include <filesystem>
#include <sstream>

using namespace cohort;
using namespace cohort::process;
using namespace std::chrono_literals;

namespace {

/// A worker that answers every byte with the number of its tenure, on every connection, and has
/// nothing in memory that it could not find again.
class echo_worker {
public:
    echo_worker(board::journal& journal, int listener) noexcept
        : journal_{journal}, listener_{listener}
    {}

    [[noreturn]] void run(const twin_birth& born) noexcept
    {
        connections_ = born.found;
        // What a program leaves behind: files, pipes, and connections of its own.
        for (int i = 0; i < 5; ++i)
            static_cast<void>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        int ends[2];
        static_cast<void>(::pipe2(ends, O_CLOEXEC));
        tell_ready(journal_.header());
        for (;;)
            turn();
    }

private:
    void turn() noexcept
    {
        std::vector<pollfd> watched{{listener_, POLLIN, 0}};
        for (const int fd : connections_)
            watched.push_back({fd, POLLIN, 0});
        ::poll(watched.data(), watched.size(), -1);
        for (std::size_t i = 1; i < watched.size(); ++i) {
            char byte = 0;
            if (watched[i].revents == 0 || ::recv(watched[i].fd, &byte, 1, MSG_DONTWAIT) != 1)
                continue;
            byte = static_cast<char>(journal_.header().tenures.load() & 0x7f);
            static_cast<void>(!::send(watched[i].fd, &byte, 1, MSG_NOSIGNAL));
        }
        if (watched[0].revents == 0)
            return;
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        connections_.push_back(fd);
        // Every other one stays without a record, as if death came between.
        if (fd % 2 == 0) {
            board::connection_state state;
            state.now = board::standing::idle;
            journal_.record(fd)->commit(state);
        }
    }

    board::journal& journal_;
    int listener_;
    std::vector<int> connections_;
};

std::size_t descriptors_of(pid_t pid)
{
    std::size_t count = 0;
    const auto folder = "/proc/" + std::to_string(pid) + "/fd";
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder})
        ++count;
    return count;
}

std::size_t children_of(pid_t pid)
{
    const std::string id = std::to_string(pid);
    std::istringstream list{kit::file_text("/proc/" + id + "/task/" + id + "/children")};
    std::size_t count = 0;
    for (std::string child; list >> child;)
        ++count;
    return count;
}

std::size_t pages_of(pid_t pid)
{
    std::istringstream sizes{kit::file_text("/proc/" + std::to_string(pid) + "/statm")};
    std::size_t total = 0;
    sizes >> total;
    return total;
}

bool answers(const unique_fd& client)
{
    char byte = 'x';
    if (::send(client.borrow(), &byte, 1, MSG_NOSIGNAL) != 1)
        return false;
    pollfd look{client.borrow(), POLLIN, 0};
    return ::poll(&look, 1, 20'000) == 1 && ::recv(client.borrow(), &byte, 1, 0) == 1;
}

void storm(standby_mode mode, int deaths)
{
    auto journal = kit::make_journal();
    auto door = kit::open_door();
    const int listener = door.socket.borrow();
    keeping how;
    how.journal = &journal;
    how.standby = mode;
    how.keep = {listener};
    how.life = [&journal, listener](twin_birth born) noexcept {
        echo_worker{journal, listener}.run(born);
    };
    auto started = start_keeper(kit::permit(), std::move(how));
    REQUIRE(started);
    auto pair = std::move(*started);

    std::vector<unique_fd> clients;
    for (int i = 0; i < 8; ++i)
        clients.push_back(kit::knock(door.address));
    kit::roll_call roll{pair.line};
    const std::size_t wanted = mode == standby_mode::on ? 2 : 1;
    std::size_t table = 0;
    std::size_t pages = 0;
    for (int i = 0; i < deaths; ++i) {
        roll.wait_for(wanted);
        // All of them still are whom they were connected to before any death.
        for (const unique_fd& client : clients)
            REQUIRE(answers(client));
        if (i == 10) {
            table = descriptors_of(pair.keeper.pid());
            pages = pages_of(pair.keeper.pid());
        }
        if (i > 10) {
            CHECK(descriptors_of(pair.keeper.pid()) <= table + 2);
            CHECK(children_of(pair.keeper.pid()) <= wanted);
        }
        const pid_t worker = roll.living.front().note.pid;
        kit::kill_by(roll.living.front().pidfd, SIGKILL);
        CHECK(roll.wait_for_end_of(worker).succeeded == 1);
    }
    CHECK(pages_of(pair.keeper.pid()) == pages);
    CHECK(journal.header().tenures.load() >= static_cast<std::uint32_t>(deaths));
}

}  // namespace

TEST_SUITE_BEGIN("twins" * doctest::skip(kit::no_twins));

TEST_CASE("connections outlive a thousand workers, and nothing grows")
{
    SUBCASE("without standby") { storm(standby_mode::off, 500); }
    SUBCASE("with standby") { storm(standby_mode::on, 500); }
}

TEST_SUITE_END();
