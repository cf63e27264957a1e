#pragma once
// Logs that are files. Processes that write to the same one append to it, each by itself: the
// kernel keeps their lines apart. Who puts it aside has everybody open it anew, and the lines that
// were written meanwhile are in the one that was put aside.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/log_sink.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cohort::log {

/// Opens it for appending, close-on-exec; it (0640) and its folder (0750) are made if they are not
/// there. Root follows no link, and takes no file that is somebody else's or has two names.
/// Errors: errno of open(2) or mkdir(2); errc::bad_value, it is no regular file, or none for root.
[[nodiscard]] result<unique_fd> open_file(const std::string& path);

/// Lines of this process go there from now on, and those of the processes that it forks. A log
/// that is a file already keeps its number: others may share our descriptors.
/// Errors: those of open_file(); then all is as before.
[[nodiscard]] result<> go_to_file(std::string path);
/// In a process that was forked a moment ago: they go to `open`, and the file of its parent means
/// nothing here.
void begin_in_file(std::string path, unique_fd open) noexcept;

inline constexpr const char* journal_socket = "/run/systemd/journal/socket";
/// Lines of this process, and of those that it forks, go to systemd's journal.
/// It may be started anew meanwhile: what is written then waits with us.
/// Errors: errno of connect(2), there is no journal here; errc::bad_value, too long a path.
[[nodiscard]] result<> go_to_journal(const std::string& identifier,
                                     const std::string& socket = journal_socket);

/// What a process that is forked must keep to write where this one does; -1: 0, 1 and 2 suffice.
[[nodiscard]] int kept_number() noexcept;
/// Under which number this process's log file is open; -1: its log is no file.
[[nodiscard]] int file_number() noexcept;
/// Its path; empty: its log is no file.
[[nodiscard]] const std::string& file_path() noexcept;
/// Its path means another file by now, or none: somebody has moved it.
[[nodiscard]] bool file_moved() noexcept;

/// Opens it anew, by its path. Nothing if the log is no file. Errors: as open_file(); lines go
/// where they went before.
[[nodiscard]] result<> reopen_file();
/// The same with what somebody else has opened, for who may not. Errors: errno of dup3(2).
[[nodiscard]] result<> replace_file(unique_fd by);

/// A line as this process would write it, with its end.
[[nodiscard]] std::string line_of(level at, std::string_view message,
                                  std::span<const field> more = {});

/// The line that says how many were lost, with its end.
[[nodiscard]] std::string drop_notice(std::uint64_t count);

/// A log file besides that of the process. A resource; any thread.
class outlet {
public:
    /// Errors: those of open_file().
    [[nodiscard]] static result<std::shared_ptr<outlet>> open(std::string path);
    outlet(std::string path, unique_fd file) noexcept;

    /// One line, without its end. Never waits.
    void pass_on(std::string_view text) noexcept;
    /// Errors: as log::reopen_file().
    [[nodiscard]] result<> reopen();

private:
    std::string path_;
    unique_fd file_;
    observe::log_sink sink_;
};

}  // namespace cohort::log
