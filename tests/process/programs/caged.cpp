// Workers in a sandbox that try to get out. Environment: PROFILE (off, server, strict), WRITES (a
// folder), DROPS_TO (a user). Answers with the errno of what was tried; 0: it worked.
#include <cohort/cohort.hpp>

#include <boost/json.hpp>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace http = cohort::http;
namespace json = boost::json;

namespace {

int errno_of(long outcome) noexcept { return outcome == -1 ? errno : 0; }

int execute() noexcept
{
    // A copy of this thread, as fork(2) makes it; there are others, which our own spawn refuses.
    const auto born = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (born == -1)
        return errno;
    if (born == 0) {
        ::execl("/bin/true", "true", nullptr);
        ::_exit(errno);
    }
    siginfo_t end{};
    ::waitid(P_PID, static_cast<id_t>(born), &end, WEXITED);
    return end.si_status;
}

/// Whether it is answered at a socket of its own cohort.
int ask_at(const char* socket)
{
    const char* const folder = ::getenv("COHORT_RUNTIME_DIR");
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    (std::string{folder != nullptr ? folder : ""} + socket).copy(where.sun_path, 107);
    const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(connection, reinterpret_cast<const sockaddr*>(&where), sizeof where) == -1)
        return errno;
    constexpr std::string_view question = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char first = 0;
    const bool answered = ::send(connection, question.data(), question.size(), MSG_NOSIGNAL) > 0 &&
                          ::recv(connection, &first, 1, 0) == 1;
    ::close(connection);
    return answered ? 0 : ECONNRESET;
}

int attempt(std::string_view what, const std::string& path)
{
    if (what == "dashboard")
        return ask_at("/caged.http");
    if (what == "execute")
        return execute();
    if (what == "become")
        return errno_of(::execl("/bin/true", "true", nullptr));
    if (what == "trace")
        return errno_of(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr));
    if (what == "peek")
        return errno_of(::open(("/proc/" + std::to_string(::getppid()) + "/mem").c_str(), O_RDWR));
    if (what == "kill")
        return errno_of(::kill(::getppid(), 0));
    if (what == "write")
        return errno_of(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return ENOSYS;
}

http::response tell(const http::request& of, int outcome)
{
    return http::json(json::object{{"slot", of.slot()}, {"pid", ::getpid()}, {"errno", outcome}});
}

std::string variable(const char* name)
{
    const char* const value = ::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/who", [](const http::request& of) { return tell(of, 0); });
    api.get("/lane", [](const http::request& of) { return tell(of, 0); }, {.cpu_bound = true});
    // On a lane: its primary may want to speak with its loop before it answers.
    api.get("/attempt/{what}",
            [](const http::request& of) {
                return tell(of, attempt(of.path<std::string>("what"), variable("TARGET")));
            },
            {.cpu_bound = true});
    api.get("/write/{where}", [](const http::request& of) {
        const std::string folder =
            of.path<std::string>("where") == "own" ? variable("WRITES") : variable("FOREIGN");
        return tell(of, attempt("write", folder + "/file"));
    });
    api.get("/crash", [](const http::request& of) {
        ::abort();
        return tell(of, 0);
    });

    cohort::serve_options how;
    auto& sandbox = how.defaults.sandbox;
    const std::string profile = variable("PROFILE");
    if (profile == "server")
        sandbox.profile = cohort::config::sandbox_profile::server;
    else if (profile == "strict")
        sandbox.profile = cohort::config::sandbox_profile::strict;
    if (const std::string writes = variable("WRITES"); !writes.empty())
        sandbox.write.push_back(writes);
    how.defaults.user = variable("DROPS_TO");
    return cohort::serve(argc, argv, api, std::move(how));
}
