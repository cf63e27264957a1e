// A cohort that is set up in program code: sticky unless it is told otherwise, and the variable
// BALANCE_IN_CODE is assigned to the settings last of all. Its workers' main returns while their
// handlers serve on: each connection is told who took it, in the words of api.cpp's /who.
#include <cohort/cohort.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace {

/// What serves on after main has returned. There is one, and it lives as long as the process.
struct left_behind {
    std::optional<cohort::listener> door;
    std::vector<cohort::unique_fd> kept;
};
left_behind ours;

cohort::task<void> greet(cohort::worker& self)
{
    ours.door = co_await self.listen("tcp://127.0.0.1:0");
    const std::string body = fmt::format("{{\"slot\":{},\"pid\":{}}}", self.slot(), ::getpid());
    const std::string words =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    ours.door->serve([words](cohort::unique_fd connection) noexcept {
        (void)::send(connection.borrow(), words.data(), words.size(), MSG_NOSIGNAL);
        ours.kept.push_back(std::move(connection));
    });
}

}  // namespace

int main(int argc, char** argv)
{
    cohort::settings defaults;
    defaults.name = "coded";
    defaults.balance = cohort::config::policy::sticky;
    auto chosen = cohort::settings::from(argc, argv, defaults);
    if (const char* const last = std::getenv("BALANCE_IN_CODE"))
        chosen.balance = cohort::config::parse_policy(last).value();
    cohort::cluster group{std::move(chosen)};
    return group.run(greet);
}
