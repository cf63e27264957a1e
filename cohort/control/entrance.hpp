#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/control/place.hpp>

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

namespace cohort::control {

/// A cohort's listening admin socket and its file. A resource.
///
/// The file is taken away by remove() only: a primary that dies leaves it to the one that follows,
/// and a file that nobody listens at is replaced by whoever needs the name.
class entrance {
public:
    /// Whether a cohort that listens there is on its way out, and gives its name to who comes.
    using yields = bool (*)(const std::filesystem::path& socket);

    /// Opens `<folder>/<app>.sock`, mode 0600, in the first of the folders that can be used.
    ///
    /// Errors: EADDRINUSE, a cohort of this name lives (its pid and path in the text); EACCES,
    /// ENOENT, EROFS, … no folder can be used; ENAMETOOLONG.
    /// Loop: blocks, for less than a second, while another cohort opens one in the same folder.
    [[nodiscard]] static result<entrance> open(std::string_view app, const viewpoint& from,
                                               yields leaves);
    /// The same at a path of its own.
    [[nodiscard]] static result<entrance> open_at(const std::filesystem::path& path, yields leaves);

    /// Goes on with the one that a dead primary had open at one of these paths: `left_open` has its
    /// number. Errors: ENOENT, it is not among them.
    [[nodiscard]] static result<entrance> inherit(std::span<const std::filesystem::path> paths,
                                                  std::span<const int> left_open);

    [[nodiscard]] const unique_fd& socket() const noexcept { return socket_; }
    [[nodiscard]] unique_fd take_socket() noexcept { return std::move(socket_); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// Takes the file away, if it is still this socket's.
    void remove() noexcept;

private:
    entrance(unique_fd socket, std::filesystem::path path) noexcept
        : socket_{std::move(socket)}, path_{std::move(path)}
    {}

    [[nodiscard]] result<> remember_file();

    unique_fd socket_;
    std::filesystem::path path_;
    ino_t file_ = 0;
};

/// Whether somebody listens at the socket `path`, and who: the pid that opened it.
/// Errors: ECONNREFUSED, nobody does, the file is stale; ENOENT; EACCES, somebody else's.
[[nodiscard]] result<pid_t> who_listens(const std::filesystem::path& path);

/// A connection to the socket `path`; non-blocking. Errors: as who_listens(); EAGAIN, its queue is
/// full (again later).
[[nodiscard]] result<unique_fd> connect_to(const std::filesystem::path& path);

/// Takes the file away if nobody listens at it, unless somebody opens one right now.
void remove_stale(const std::filesystem::path& path);

/// Who is at the other end.
struct peer_identity {
    pid_t pid = 0;
    uid_t user = 0;
};
[[nodiscard]] result<peer_identity> peer_of(int connection);

}  // namespace cohort::control
