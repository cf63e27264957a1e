#include <cohort/primary/reception.hpp>

#include <cohort/base/try.hpp>
#include <cohort/control/client.hpp>
#include <cohort/control/server.hpp>
#include <cohort/ipc/channel.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/desk.hpp>
#include <cohort/process/confinement.hpp>
#include <cohort/process/root.hpp>

#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace cohort::primary {

using namespace std::chrono_literals;

namespace {

constexpr nanoseconds last_words_within = 2s;
constexpr milliseconds other_answers_within = 500ms;
constexpr nanoseconds say_again = 1min;  // of who is refused

pid_t first_process() noexcept
{
    return process::root_pid() != 0 ? process::root_pid() : ::getpid();
}

std::string second_name(const std::string& name)
{
    return fmt::format("{}-{}", name, first_process());
}

/// Landlock does not keep workers from connecting to sockets: nobody whom we put into a sandbox
/// has itself let out, or its neighbours ended, by asking us.
class doorkeeper {
public:
    std::string operator()(pid_t who)
    {
        switch (process::is_caged_below(who, first_process(), process::own_filters())) {
            case process::caged::no:
                return {};
            case process::caged::gone:  // as the command does that only looks whether we are there
                return "the process that connected is gone: nobody can tell who asks";
            case process::caged::yes:
                break;
        }
        ++refused_;
        if (!said_at_ || now() - *said_at_ >= say_again) {
            log::warn("process {} is in a sandbox of this cohort and connected to its admin "
                      "socket; refused ({} since the last such line)",
                      who, std::exchange(refused_, 0));
            said_at_ = now();
        }
        return "workers in a sandbox give no orders to their cohort";
    }

private:
    std::optional<steady_time> said_at_;
    std::uint64_t refused_ = 0;
};

bool is_leaving(const std::filesystem::path& socket)
{
    control::request ask{"ls"};
    ask.budget = other_answers_within;
    // Our own start waits for it: one that is frozen (SIGSTOP) says nothing, and so it stays.
    control::client who{{.app = {}, .socket = socket, .opened_by = 0}, 0ms};
    const auto said = who.ask(ask, control::client::manner::once);
    if (!said)
        return false;
    const auto* const stage = said->data.if_contains("stage");
    return stage != nullptr && *stage == "stopping";
}

std::vector<std::filesystem::path> places_of(const config::settings& settings)
{
    if (const std::string& where = settings.admin.socket; where != "auto")
        return {where};
    std::vector<std::filesystem::path> all;
    for (const auto& folder : control::folders(control::viewpoint::here())) {
        all.push_back(folder / control::socket_name(settings.name));
        all.push_back(folder / control::socket_name(second_name(settings.name)));
    }
    return all;
}

}  // namespace

reception::reception(asio::any_io_executor executor)
    : executor_{std::move(executor)}, past_{executor_}
{}

reception::~reception() = default;

result<control::entrance> reception::enter(const config::settings& settings, naming name_is,
                                           std::vector<int>* left_open)
{
    if (left_open != nullptr) {
        const auto places = places_of(settings);
        auto found = control::entrance::inherit(places, *left_open);
        if (found) {
            std::erase(*left_open, found->socket().borrow());
            return found;
        }
    }
    if (settings.admin.socket != "auto")
        return control::entrance::open_at(settings.admin.socket, is_leaving);
    const auto here = control::viewpoint::here();
    auto opened = control::entrance::open(settings.name, here, is_leaving);
    if (opened || opened.error().why().value() != EADDRINUSE || name_is == naming::chosen)
        return opened;
    const std::string other = second_name(settings.name);
    log::info("another {} runs already: this one is \"{}\" for the cohort command; --name gives it "
              "a better name",
              settings.name, other);
    return control::entrance::open(other, here, is_leaving);
}

result<> reception::open(const config::settings& settings, naming name_is, office with,
                         std::vector<int>* left_open)
{
    desk_ = std::make_unique<desk>(std::move(with));
    if (settings.admin.socket == "off")
        return {};
    auto entered = enter(settings, name_is, left_open);
    if (!entered) {
        if (entered.error().why().value() == EADDRINUSE && left_open == nullptr)
            return std::unexpected(
                fault(entered.error().why(), "start: a cohort of this name runs already;",
                      fmt::format("stop it, or choose another name with --name ({})",
                                  entered.error().text())));
        log::warn("no admin socket: {}; going on without", entered.error().text());
        return {};
    }
    auto opened = control::server::open(executor_, entered->take_socket(), ::geteuid(), *desk_);
    if (!opened) {
        entered->remove();
        log::warn("no admin socket: {}; going on without", opened.error().text());
        return {};
    }
    door_ = *std::move(entered);
    server_ = *std::move(opened);
    server_->keep_out(doorkeeper{});
    log::debug("admin socket {}", door_->path().string());
    return {};
}

std::filesystem::path reception::place() const
{
    return server_ && door_ ? door_->path() : std::filesystem::path{};
}

result<unique_fd> reception::converse(std::string who)
{
    if (!server_)
        return failed(errc::not_supported, "ask where there is no admin socket");
    COHORT_TRY(auto ends, ipc::channel::make_pair());
    server_->take(std::move(ends.first), std::move(who));
    return std::move(ends.second);
}

awaitable<> reception::close()
{
    past_.close();
    if (door_)
        door_->remove();
    if (server_)
        co_await server_->close(last_words_within);
}

}  // namespace cohort::primary
