#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/office.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cohort::control {
class server;
}

namespace cohort::primary {

class desk;

/// Who gave a cohort its name.
enum class naming : std::uint8_t {
    chosen,      ///< somebody: a second one is a mistake
    by_default,  ///< nobody: a second one is not, and is called name-PID for the command
};

/// A primary's admin socket, and the desk behind it. A resource.
class reception {
public:
    explicit reception(asio::any_io_executor executor);
    reception(const reception&) = delete;
    reception& operator=(const reception&) = delete;
    ~reception();

    /// Opens the socket, as settings.admin.socket says. Somebody who can be reached by it is worth
    /// much, and no reason not to serve: what fails is a warning, except a name that is taken.
    ///
    /// @param name_is    by_default: a name that is taken is no reason not to start.
    /// @param left_open  what a dead primary of the same cohort had open: its socket is among it,
    ///                   and is taken out of the list.
    /// Errors: EADDRINUSE, a cohort of this name lives.
    [[nodiscard]] result<> open(const config::settings& settings, naming name_is, office with,
                                std::vector<int>* left_open);

    /// Says the last words to whoever waits for them, and takes the socket away.
    [[nodiscard]] awaitable<> close();

    /// Where it answers; empty: nowhere.
    [[nodiscard]] std::filesystem::path place() const;
    /// A connection to it that needs no file, for a process of our own.
    /// @param who  in words: orders that come over it are that process's
    /// Errors: EMFILE; errc::not_supported, it answers nowhere.
    [[nodiscard]] result<unique_fd> converse(std::string who);
    [[nodiscard]] chronicle& past() noexcept { return past_; }
    /// Only after open().
    [[nodiscard]] desk& front_desk() noexcept { return *desk_; }

private:
    [[nodiscard]] result<control::entrance> enter(const config::settings& settings, naming name_is,
                                                  std::vector<int>* left_open);

    asio::any_io_executor executor_;
    chronicle past_;
    std::unique_ptr<desk> desk_;
    std::optional<control::entrance> door_;
    std::unique_ptr<control::server> server_;
};

}  // namespace cohort::primary
