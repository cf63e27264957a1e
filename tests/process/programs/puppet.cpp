// A cohort whose strings a test pulls: the primary connects to the test's Unix socket (the first
// argument), reads one JSON command a line, and answers each. Workers are forked by command, and
// what a command wants of a worker is asked of it as a request.
#include <cohort/async/stop.hpp>
#include <cohort/cohort.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace json = boost::json;
namespace asio = boost::asio;

namespace {

std::string text_of(const json::object& from, const char* name)
{
    const auto* const found = from.if_contains(name);
    return found != nullptr && found->is_string() ? std::string{found->as_string()} : std::string{};
}

std::int64_t number_of(const json::object& from, const char* name, std::int64_t otherwise)
{
    const auto* const found = from.if_contains(name);
    return found != nullptr && found->is_int64() ? found->as_int64() : otherwise;
}

bool flag_of(const json::object& from, const char* name)
{
    const auto* const found = from.if_contains(name);
    return found != nullptr && found->is_bool() && found->as_bool();
}

json::object refusal(const cohort::fault& why)
{
    return {{"error", why.text()}, {"code", why.why().value()}};
}

// ---- what a worker does -------------------------------------------------------------------------

/// Everything a worker has opened. There is one, and it lives as long as the process.
struct puppet {
    std::map<std::int64_t, std::shared_ptr<cohort::listener>> doors;
    std::map<std::int64_t, std::shared_ptr<asio::ip::udp::socket>> datagrams;
    std::vector<cohort::unique_fd> kept;
    std::int64_t last_handle = 0;
};

cohort::listen_options options_of(const json::object& command)
{
    cohort::listen_options how;
    how.backlog = static_cast<int>(number_of(command, "backlog", how.backlog));
    how.exclusive = flag_of(command, "exclusive");
    how.v6_only = flag_of(command, "v6_only");
    how.reuse_port = flag_of(command, "reuse_port");
    if (command.contains("mode"))
        how.unix_mode = static_cast<mode_t>(number_of(command, "mode", 0));
    return how;
}

/// Says to every client who it reached, and keeps the connection.
cohort::task<> greet_all(std::shared_ptr<cohort::listener> at, puppet& mine, std::string greeting)
{
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!cohort::stopped(stop)) {
        auto connection = co_await at->accept_descriptor();
        if (!connection)
            co_return;
        (void)::send(connection->borrow(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
        mine.kept.push_back(std::move(*connection));
    }
}

/// Answers every datagram from the socket it came to.
cohort::task<> reply_all(std::shared_ptr<asio::ip::udp::socket> at, std::string greeting)
{
    std::string room(2048, '\0');
    while (at->is_open()) {
        asio::ip::udp::endpoint from;
        auto [ec, n] = co_await at->async_receive_from(asio::buffer(room), from, cohort::use_tuple);
        if (ec)
            co_return;
        const std::string words = greeting + room.substr(0, n);
        co_await at->async_send_to(asio::buffer(words), from, cohort::use_tuple);
    }
}

cohort::task<json::object> listen(cohort::worker& self, puppet& mine, json::object command)
{
    auto opened = co_await self.try_listen(text_of(command, "where"), options_of(command));
    if (!opened)
        co_return refusal(opened.error());
    auto door = std::make_shared<cohort::listener>(std::move(*opened));
    const auto handle = ++mine.last_handle;
    mine.doors[handle] = door;
    json::object answer;
    answer["handle"] = handle;
    answer["where"] = door->local_endpoint().text();
    answer["port"] = door->port();
    if (!flag_of(command, "mute"))
        self.spawn(greet_all(door, mine, fmt::format("worker {}\n", self.id())));
    co_return answer;
}

cohort::task<json::object> bind(cohort::worker& self, puppet& mine, json::object command)
{
    auto opened = co_await self.try_bind_udp(text_of(command, "where"), options_of(command));
    if (!opened)
        co_return refusal(opened.error());
    auto socket = std::make_shared<asio::ip::udp::socket>(std::move(*opened));
    const auto handle = ++mine.last_handle;
    mine.datagrams[handle] = socket;
    json::object answer;
    answer["handle"] = handle;
    answer["port"] = socket->local_endpoint().port();
    self.spawn(reply_all(socket, fmt::format("worker {} ", self.id())));
    co_return answer;
}

void close_handle(puppet& mine, std::int64_t handle)
{
    if (const auto door = mine.doors.find(handle); door != mine.doors.end()) {
        door->second->close();
        mine.doors.erase(door);
    }
    if (const auto socket = mine.datagrams.find(handle); socket != mine.datagrams.end()) {
        socket->second->close();
        mine.datagrams.erase(socket);
    }
}

cohort::task<json::object> obey(cohort::worker& self, puppet& mine, json::object command)
{
    const std::string what = text_of(command, "do");
    if (what == "listen")
        co_return co_await listen(self, mine, std::move(command));
    if (what == "bind_udp")
        co_return co_await bind(self, mine, std::move(command));
    json::object answer;
    if (what == "close")
        close_handle(mine, number_of(command, "handle", 0));
    else if (what == "close_two") {  // in one turn: nothing can come in between
        close_handle(mine, number_of(command, "handle", 0));
        close_handle(mine, number_of(command, "other", 0));
    } else if (what == "forget_clients")
        mine.kept.clear();
    else if (what != "hello")
        answer["error"] = "no such command: " + what;
    answer["id"] = self.id();
    answer["slot"] = self.slot();
    answer["pid"] = self.pid();
    co_return answer;
}

cohort::task<cohort::message> answer(cohort::worker& self, puppet& mine, cohort::message asked)
{
    auto said = co_await obey(self, mine, asked.json().as_object());
    co_return cohort::message::json(std::move(said));
}

cohort::task<void> live(cohort::worker& self)
{
    auto& mine = *new puppet;  // for as long as the process lives
    self.on_request([&self, &mine](std::uint32_t, cohort::message asked) {
        return answer(self, mine, std::move(asked));
    });
    co_await self.until_stopping();
    mine.kept.clear();  // their clients have no work in flight
    for (auto& [handle, socket] : mine.datagrams)
        socket->close();  // what reads from it would keep us until the stop timeout
}

// ---- what the primary does ----------------------------------------------------------------------

/// A listening or bound socket that the primary opened by itself, to be known as fd:N.
json::object open_descriptor(int type)
{
    cohort::unique_fd own{::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    if (::bind(own.borrow(), address, size) == -1 ||
        (type == SOCK_STREAM && ::listen(own.borrow(), 16) == -1) ||
        ::getsockname(own.borrow(), address, &size) == -1)
        return {{"error", "cannot open"}};
    json::object answer;
    answer["port"] = ntohs(where.sin_port);
    answer["descriptor"] = own.release();
    return answer;
}

/// The backlog of our listening socket with this port, as the kernel has it (tcp_info(7): for a
/// listening socket tcpi_sacked is its backlog).
json::object backlog_of(std::int64_t port)
{
    for (int fd = 3; fd < 256; ++fd) {
        sockaddr_in where{};
        socklen_t size = sizeof where;
        int listens = 0;
        socklen_t listens_size = sizeof listens;
        ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size);
        if (listens == 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) == -1 ||
            where.sin_family != AF_INET || ntohs(where.sin_port) != port)
            continue;
        tcp_info info{};
        size = sizeof info;
        if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
            return {{"backlog", info.tcpi_sacked}};
    }
    return {{"error", "no such port"}};
}

json::object become_nobody()
{
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) == -1 || ::setegid(nobody) == -1 || ::seteuid(nobody) == -1))
        return {{"error", "cannot become nobody"}};
    return {};
}

json::object fork_one(cohort::cluster& all)
{
    const auto born = all.fork();
    if (!born)
        return refusal(born.error());
    return {{"id", born->id}, {"slot", born->slot}, {"pid", born->pid}};
}

/// Node's most common line: whenever a worker ends, another one is forked.
void fork_on_exit(cohort::cluster& all)
{
    all.on_exit(
        [&all](const cohort::worker_info&, cohort::exit_status) { static_cast<void>(all.fork()); });
}

cohort::task<json::object> rule(cohort::cluster& all, json::object command)
{
    const std::string what = text_of(command, "do");
    const auto id = static_cast<std::uint32_t>(number_of(command, "id", 0));
    if (what == "fork")
        co_return fork_one(all);
    if (what == "open_descriptor")
        co_return open_descriptor(flag_of(command, "datagrams") ? SOCK_DGRAM : SOCK_STREAM);
    if (what == "backlog")
        co_return backlog_of(number_of(command, "port", 0));
    if (what == "become_nobody")
        co_return become_nobody();
    json::object answer;
    if (what == "kill") {
        const auto done = all.kill(id, static_cast<int>(number_of(command, "signal", SIGKILL)));
        if (!done)
            co_return refusal(done.error());
        const auto ended = co_await all.exited(id, std::chrono::seconds{30});
        if (!ended)
            co_return refusal(ended.error());
        answer["ended"] = ended->words();
    } else if (what == "stop") {
        all.stop();
    } else if (what == "fork_on_exit") {
        fork_on_exit(all);
    } else if (what == "disconnect") {
        const auto report = co_await all.disconnect(std::chrono::seconds{30});
        answer["left"] = report.left.size();
    } else {
        answer["error"] = "no such command: " + what;
    }
    co_return answer;
}

cohort::task<json::object> pass_on(cohort::cluster& all, std::uint32_t to, json::object command)
{
    auto message = cohort::message::json(std::move(command));
    auto answered = co_await all.request(to, std::move(message), std::chrono::seconds{30});
    if (!answered)
        co_return refusal(answered.error());
    co_return answered->json().as_object();
}

cohort::task<> listen_to(cohort::cluster& all, std::string control)
{
    asio::local::stream_protocol::socket line{all.loop()};
    const asio::local::stream_protocol::endpoint where{control};
    co_await line.async_connect(where, asio::use_awaitable);
    std::string waiting;
    const auto stop = co_await asio::this_coro::cancellation_state;
    while (!cohort::stopped(stop)) {
        auto into = asio::dynamic_buffer(waiting);
        auto [ec, n] = co_await asio::async_read_until(line, into, '\n', cohort::use_tuple);
        if (ec)
            co_return;  // the test is gone: by hand, we end when the workers do
        auto command = json::parse(std::string_view{waiting}.substr(0, n)).as_object();
        waiting.erase(0, n);
        const auto to = static_cast<std::uint32_t>(number_of(command, "to", 0));
        json::object said;
        if (to == 0)
            said = co_await rule(all, std::move(command));
        else
            said = co_await pass_on(all, to, std::move(command));
        const std::string words = json::serialize(said) + "\n";
        co_await asio::async_write(line, asio::buffer(words), cohort::use_tuple);
    }
}

}  // namespace

int main(int argc, char** argv)
{
    const std::string control = argc > 1 ? argv[1] : "";
    std::vector<char*> rest{argv[0]};
    rest.insert(rest.end(), argv + std::min(argc, 2), argv + argc);
    rest.push_back(nullptr);
    auto chosen = cohort::settings::from(static_cast<int>(rest.size()) - 1, rest.data());
    chosen.supervision = cohort::supervision::by_hand;
    cohort::cluster all{std::move(chosen)};
    all.on_start([control](cohort::cluster& us) { return listen_to(us, control); });
    return all.run([](cohort::worker& self) { return live(self); });
}
