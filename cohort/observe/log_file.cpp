#include <cohort/observe/log_file.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/wary_open.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace cohort::log {

namespace {

constexpr mode_t file_mode = 0640;
constexpr mode_t folder_mode = 0750;

/// What a process has one of; changed only where it is configured, and by its loop.
struct own_file {
    std::string path;
    unique_fd open;
    unique_fd journal;
};

own_file& ours() noexcept
{
    static own_file& one = *new own_file;  // never destroyed: its number is that of the log
    return one;
}

result<> make_folder(const std::filesystem::path& which)
{
    if (which.empty() || ::mkdir(which.c_str(), folder_mode) == 0 || errno == EEXIST)
        return {};
    if (errno != ENOENT)
        return failed("make folder", which.string());
    COHORT_TRY(make_folder(which.parent_path()));
    if (::mkdir(which.c_str(), folder_mode) == -1 && errno != EEXIST)
        return failed("make folder", which.string());
    return {};
}

}  // namespace

result<unique_fd> open_file(const std::string& path)
{
    constexpr int how = O_WRONLY | O_APPEND | O_CREAT;
    auto opened = wary_open(path, how, file_mode);
    if (!opened && opened.error().why() == boost::system::errc::no_such_file_or_directory) {
        COHORT_TRY(make_folder(std::filesystem::path{path}.parent_path()));
        opened = wary_open(path, how, file_mode);
    }
    COHORT_TRY(unique_fd file, std::move(opened));
    // Never 0, 1 or 2, which mean something else to everybody.
    return file.borrow() > STDERR_FILENO ? result<unique_fd>{std::move(file)} : duplicate(file);
}

result<> go_to_file(std::string path)
{
    COHORT_TRY(auto file, open_file(path));
    own_file& here = ours();
    if (here.open.valid()) {
        COHORT_TRY(replace_file(std::move(file)));
        here.path = std::move(path);
    } else {
        begin_in_file(std::move(path), std::move(file));
    }
    return {};
}

void begin_in_file(std::string path, unique_fd open) noexcept
{
    own_file& here = ours();
    here.path = std::move(path);
    static_cast<void>(here.open.release());  // somebody else's number by now
    here.open = std::move(open);
    observe::process_sink().redirect(here.open.borrow());
}

result<> go_to_journal(const std::string& identifier, const std::string& socket)
{
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (socket.size() >= sizeof at.sun_path)
        return failed(errc::bad_value, "connect to the journal at", socket);
    socket.copy(at.sun_path, socket.size());
    const unique_fd probe{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    unique_fd made{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!made.valid() || !probe.valid() ||
        ::connect(probe.borrow(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == -1)
        return failed("connect to the journal at", socket);
    if (made.borrow() <= STDERR_FILENO) {
        COHORT_TRY(made, duplicate(made));
    }
    observe::process_sink().redirect_to_journal(made.borrow(), at, identifier);
    ours().journal = std::move(made);
    return {};
}

int kept_number() noexcept
{
    return ours().journal.valid() ? ours().journal.borrow() : file_number();
}

int file_number() noexcept { return ours().open.valid() ? ours().open.borrow() : -1; }

const std::string& file_path() noexcept { return ours().path; }

bool file_moved() noexcept
{
    const own_file& here = ours();
    struct stat open{};
    struct stat named{};
    if (!here.open.valid() || ::fstat(here.open.borrow(), &open) == -1)
        return false;
    if (::stat(here.path.c_str(), &named) == -1)
        return errno == ENOENT;
    return open.st_ino != named.st_ino || open.st_dev != named.st_dev;
}

result<> reopen_file()
{
    if (!ours().open.valid())
        return {};
    COHORT_TRY(auto file, open_file(ours().path));
    return replace_file(std::move(file));
}

result<> replace_file(unique_fd by)
{
    if (!ours().open.valid())
        return {};
    return observe::process_sink().replace(by.borrow());
}

outlet::outlet(std::string path, unique_fd file) noexcept
    : path_{std::move(path)}, file_{std::move(file)}, sink_{file_.borrow()}
{
    sink_.set_notice(drop_notice);
}

result<std::shared_ptr<outlet>> outlet::open(std::string path)
{
    COHORT_TRY(auto file, open_file(path));
    return std::make_shared<outlet>(std::move(path), std::move(file));
}

void outlet::pass_on(std::string_view text) noexcept
{
    try {
        sink_.line(std::string{text} + '\n');
    } catch (const std::exception&) {
        return;  // no memory: what the line was about matters more than the line
    }
}

result<> outlet::reopen()
{
    COHORT_TRY(auto file, open_file(path_));
    return sink_.replace(file.borrow());
}

}  // namespace cohort::log
