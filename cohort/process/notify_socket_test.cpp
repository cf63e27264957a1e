#include <cohort/process/notify_socket.hpp>

#include <cohort/process/clone.hpp>
#include <cohort/process/detail/kit_test.hpp>
#include <cohort/process/spawn.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

using namespace cohort;
using namespace cohort::process;

namespace {

/// Says it as sd_notify does, with a descriptor if there is one.
void say(const std::string& where, std::string words, int fd = -1)
{
    const unique_fd from{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, where.data(), where.size());
    if (where[0] == '@')
        address.sun_path[0] = '\0';
    iovec bytes{words.data(), words.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.size());
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    if (fd != -1) {
        message.msg_control = room.data();
        message.msg_controllen = room.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    REQUIRE(::sendmsg(from.borrow(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(words.size()));
}

std::string some_address(const kit::temporary_folder& folder, bool abstract)
{
    return (abstract ? "@" : "") + folder.path() + "/notify";
}

}  // namespace

TEST_CASE("a notice arrives with the pid of who said it")
{
    const kit::temporary_folder folder;
    bool abstract = false;
    SUBCASE("through a path") { abstract = false; }
    SUBCASE("through a name") { abstract = true; }
    asio::io_context loop;
    auto socket = notify_socket::open(loop.get_executor(), some_address(folder, abstract));
    REQUIRE(socket);
    say(socket->address(), "READY=1\nSTATUS=here");
    const auto heard = kit::run(loop, socket->next());
    REQUIRE(heard);
    CHECK(heard->from == ::getpid());
    CHECK(heard->user == ::geteuid());
    CHECK(heard->words.ready);
    CHECK(heard->words.status == "here");
}

TEST_CASE("a program that was not written for us is heard, and told from its children")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto socket = notify_socket::open(loop.get_executor(), some_address(folder, false));
    REQUIRE(socket);
    program what;
    what.exec = "python3";
    what.args = {"-c", "import os, socket\n"
                       "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                       "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])\n"};
    what.env = environment_with({"NOTIFY_SOCKET=" + socket->address()});
    auto born = process::spawn(kit::permit(), what);
    REQUIRE(born);
    const auto heard = kit::run(loop, socket->next());
    REQUIRE(heard);
    CHECK(heard->from == born->pid());
    CHECK(heard->words.ready);
    CHECK(born->wait().success());
}

TEST_CASE("who goes on with a socket hears what was said meanwhile")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    std::string address;
    unique_fd left;
    {
        auto socket = notify_socket::open(loop.get_executor(), some_address(folder, true));
        REQUIRE(socket);
        address = socket->address();
        left = unique_fd{::fcntl(socket->number(), F_DUPFD_CLOEXEC, 3)};
    }
    say(address, "STATUS=alone");
    auto heir = notify_socket::inherit(loop.get_executor(), std::move(left));
    REQUIRE(heir);
    CHECK(heir->address() == address);
    const auto heard = kit::run(loop, heir->next());
    REQUIRE(heard);
    CHECK(heard->words.status == "alone");
    CHECK_FALSE(notify_socket::inherit(loop.get_executor(), kit::make_pipe().read));
}

TEST_CASE("descriptors that nobody takes are closed, and a barrier is lifted by that")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto socket = notify_socket::open(loop.get_executor(), some_address(folder, false));
    REQUIRE(socket);
    kit::ends barrier = kit::make_pipe();
    say(socket->address(), "BARRIER=1", barrier.write.borrow());
    barrier.write.reset();
    {
        const auto heard = kit::run(loop, socket->next());
        REQUIRE(heard);
        CHECK(heard->words.barrier);
        REQUIRE(heard->descriptors.size() == 1);
        const int flags = ::fcntl(heard->descriptors[0].borrow(), F_GETFD);
        CHECK((flags & FD_CLOEXEC) != 0);
        pollfd look{barrier.read.borrow(), POLLIN, 0};
        CHECK(::poll(&look, 1, 0) == 0);
    }
    CHECK(kit::read_all(barrier.read).empty());
}

TEST_CASE("who makes no sense is named, and the next one is heard")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto socket = notify_socket::open(loop.get_executor(), some_address(folder, false));
    REQUIRE(socket);
    say(socket->address(), std::string{"READY=1\0", 8});
    say(socket->address(), std::string(5000, 'x'));
    say(socket->address(), "STOPPING=1");
    const auto nul = kit::run(loop, socket->next());
    REQUIRE_FALSE(nul);
    CHECK(nul.error().why() == errc::malformed);
    CHECK(nul.error().text().find(std::to_string(::getpid())) != std::string::npos);
    const auto huge = kit::run(loop, socket->next());
    REQUIRE_FALSE(huge);
    CHECK(huge.error().why() == errc::too_large);
    const auto good = kit::run(loop, socket->next());
    REQUIRE(good);
    CHECK(good->words.stopping);
}

TEST_CASE("only the user that was named is heard, and root; what others say is not even read")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    auto socket = notify_socket::open(loop.get_executor(), some_address(folder, true));
    REQUIRE(socket);
    constexpr uid_t nobody = 65534;
    socket->hear_only(nobody);
    const bool root = ::geteuid() == 0;
    say(socket->address(), "READY=1");
    const auto own = kit::run(loop, socket->next());
    CHECK(own.has_value() == root);
    if (!root)
        return;
    socket->hear_only(1);
    const auto speak_as_nobody = [&]() noexcept {
        ::_exit(::setresuid(nobody, nobody, nobody) == 0 ? (say(socket->address(), "\x1b"), 0) : 1);
    };
    auto born = process::clone(kit::permit(), birth{}, speak_as_nobody);
    REQUIRE(born);
    REQUIRE(born->wait().success());
    const auto heard = kit::run(loop, socket->next());
    REQUIRE_FALSE(heard);
    CHECK(heard.error().why() == errc::bad_value);
    CHECK(heard.error().text().find("65534") != std::string::npos);
}

TEST_CASE("a socket file that a dead process left is replaced, and ours goes with us")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    const std::string where = some_address(folder, false);
    struct stat found{};
    {
        auto first = notify_socket::open(loop.get_executor(), where);
        REQUIRE(first);
        auto second = notify_socket::open(loop.get_executor(), where);
        REQUIRE(second);
        REQUIRE(::stat(where.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777) == 0666);
    }
    CHECK(::stat(where.c_str(), &found) == -1);
}

TEST_CASE("an address that cannot be is refused, and no other file is touched")
{
    const kit::temporary_folder folder;
    asio::io_context loop;
    for (const std::string& where : {std::string{}, std::string{"relative"},
                                     "/" + std::string(120, 'x'), std::string{"/a\0b", 4}})
        CHECK(notify_socket::open(loop.get_executor(), where).error().why() == errc::bad_value);
    const std::string file = folder.path() + "/precious";
    {
        const std::ofstream precious{file};
    }
    CHECK_FALSE(notify_socket::open(loop.get_executor(), file));
    CHECK(std::filesystem::exists(file));
}
