#include <cohort/process/detail/launch.hpp>

#include <cohort/base/try.hpp>
#include <cohort/process/detail/newborn.hpp>
#include <cohort/process/detail/pointers.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace cohort::process::detail {

namespace {

constexpr int number_most = 1023;
constexpr std::size_t digits_most = 20;

bool has_nul(const std::string& text) noexcept { return text.find('\0') != std::string::npos; }

/// No text may hide a NUL: the program would see less than the caller wrote.
result<> check_texts(const program& what)
{
    std::vector<const std::string*> all{&what.exec, &what.argv0, &what.cwd};
    for (const std::string& text : what.args)
        all.push_back(&text);
    for (const std::string& text : what.env)
        all.push_back(&text);
    if (std::ranges::any_of(all, [](const std::string* text) { return has_nul(*text); }))
        return failed(errc::bad_value, "start a program with a NUL in its texts:", what.exec);
    if (what.exec.empty())
        return failed(errc::bad_value, "start a program without a name");
    return {};
}

result<> check_numbers(const program& what)
{
    std::vector<int> numbers;
    for (const kept_descriptor& kept : what.keep) {
        if (kept.number <= STDERR_FILENO || kept.number > number_most)
            return failed(errc::bad_value, "keep a descriptor as number",
                          std::to_string(kept.number));
        numbers.push_back(kept.number);
    }
    std::ranges::sort(numbers);
    if (const auto twice = std::ranges::adjacent_find(numbers); twice != numbers.end())
        return failed(errc::bad_value, "keep two descriptors as number", std::to_string(*twice));
    return {};
}

std::string_view path_of(const std::vector<std::string>& environment)
{
    constexpr std::string_view name = "PATH=";
    for (const std::string& entry : environment) {
        if (entry.starts_with(name))
            return std::string_view{entry}.substr(name.size());
    }
    return "/usr/local/bin:/usr/bin:/bin";
}

}  // namespace

launch::launch(const program& what)
    : what_{&what}, above_{STDERR_FILENO + 1}
{
    for (const kept_descriptor& kept : what.keep)
        above_ = std::max(above_, kept.number + 1);
}

result<launch> launch::prepare(const program& what)
{
    COHORT_TRY(check_texts(what));
    COHORT_TRY(check_numbers(what));
    launch plan{what};
    COHORT_TRY(plan.prepare_streams());
    for (const kept_descriptor& kept : what.keep) {
        // Moved above every target, so that no placement can overwrite the source of another.
        unique_fd copy{::fcntl(kept.ours, F_DUPFD_CLOEXEC, plan.above_)};
        if (!copy.valid())
            return failed("keep descriptor", std::to_string(kept.ours));
        COHORT_TRY(plan.place(std::move(copy), kept.number));
    }
    COHORT_TRY(plan.prepare_paths());
    COHORT_TRY(plan.prepare_binary());
    plan.prepare_limits();

    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) == -1)
        return failed("make a pipe for the report of", what.exec);
    plan.report_in_ = unique_fd{ends[0]};
    const unique_fd low{ends[1]};
    plan.report_out_ = unique_fd{::fcntl(low.borrow(), F_DUPFD_CLOEXEC, plan.above_)};
    if (!plan.report_out_.valid())
        return failed("make a pipe for the report of", what.exec);

    std::vector<int> open_after{plan.report_out_.borrow()};
    if (plan.binary_ != -1)
        open_after.push_back(plan.binary_);  // close-on-exec: the program does not see it
    for (const placement& p : plan.placements_)
        open_after.push_back(p.to);
    plan.open_after_ = with_standard(std::move(open_after));
    return plan;
}

result<> launch::prepare_paths()
{
    const std::string& exec = what_->exec;
    if (exec.find('/') != std::string::npos) {
        paths_.push_back(exec);
    } else {
        std::string_view folders = path_of(what_->env);
        while (!folders.empty()) {
            const std::string_view folder = cut(folders, ':');
            paths_.push_back(folder.empty() ? exec : fmt::format("{}/{}", folder, exec));
        }
    }
    if (paths_.empty())
        paths_.push_back(exec);

    argv_ = pointers_to(what_->args);
    const std::string& first = what_->argv0.empty() ? exec : what_->argv0;
    argv_.insert(argv_.begin(), const_cast<char*>(first.c_str()));
    envp_ = pointers_to(what_->env);
    for (const std::string& name : what_->pid_variables)
        own_pid_.push_back(name + "=" + std::string(digits_most + 1, '\0'));
    for (std::string& text : own_pid_)
        envp_.insert(envp_.end() - 1, text.data());
    return {};
}

/// Of what we may grant: a limit that is too high shall not keep a program from its start.
void launch::prepare_limits() noexcept
{
    rlimit have{};
    if (what_->files_max == 0 || ::getrlimit(RLIMIT_NOFILE, &have) == -1)
        return;
    const rlim_t most = std::min<rlim_t>(what_->files_max, have.rlim_max);
    files_ = rlimit{most, most};
}

/// In the newborn, which alone knows its pid: no allocation, no locale.
void launch::write_pid() noexcept
{
    std::array<char, digits_most> digits{};
    std::size_t count = 0;
    for (auto rest = static_cast<unsigned long>(::getpid()); rest != 0; rest /= 10)
        digits[count++] = static_cast<char>('0' + rest % 10);
    for (std::string& text : own_pid_) {
        const std::size_t begin = text.size() - (digits_most + 1);
        for (std::size_t i = 0; i < count; ++i)
            text[begin + i] = digits[count - 1 - i];
    }
}

result<> launch::prepare_binary()
{
    if (what_->binary == -1)
        return {};
    unique_fd copy{::fcntl(what_->binary, F_DUPFD_CLOEXEC, above_)};
    if (!copy.valid())
        return failed("keep the file of", what_->exec);
    binary_ = copy.borrow();
    moved_.push_back(std::move(copy));
    return {};
}

result<> launch::prepare_streams()
{
    COHORT_TRY(prepare_stream(what_->in, STDIN_FILENO, pipes_.in));
    COHORT_TRY(prepare_stream(what_->out, STDOUT_FILENO, pipes_.out));
    return prepare_stream(what_->err, STDERR_FILENO, pipes_.err);
}

result<> launch::prepare_stream(const stdio& plan, int number, unique_fd& ours)
{
    const bool input = number == STDIN_FILENO;
    if (plan.what() == stdio::kind::inherit)
        return {};

    if (plan.what() == stdio::kind::pipe) {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) == -1)
            return failed("make a pipe for", what_->exec);
        unique_fd theirs{input ? ends[0] : ends[1]};
        ours = unique_fd{input ? ends[1] : ends[0]};
        // Ours alone is non-blocking: the two ends of a pipe are two open files.
        if (::fcntl(ours.borrow(), F_SETFL, O_NONBLOCK) == -1)
            return failed("make a pipe for", what_->exec);
        return place(std::move(theirs), number);
    }

    const bool nowhere = plan.what() == stdio::kind::null;
    const std::string path = nowhere ? "/dev/null" : plan.path();
    const int flags = input ? O_RDONLY : (nowhere ? O_WRONLY : O_WRONLY | O_APPEND | O_CREAT);
    unique_fd file{::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, 0640)};
    if (!file.valid())
        return failed("open", path);
    return place(std::move(file), number);
}

result<> launch::place(unique_fd from, int to)
{
    if (from.borrow() < above_) {
        unique_fd copy{::fcntl(from.borrow(), F_DUPFD_CLOEXEC, above_)};
        if (!copy.valid())
            return failed("place descriptor", std::to_string(to));
        from = std::move(copy);
    }
    placements_.push_back({from.borrow(), to});
    moved_.push_back(std::move(from));
    return {};
}

stumble launch::go(pid_t parent) noexcept
{
    // Before any number is given to something else.
    enter_group(what_->group ? what_->group->door() : -1);
    for (const placement& p : placements_) {
        // The copy is not close-on-exec: this is the only place where that is wanted.
        if (::dup2(p.from, p.to) == -1)
            return {step::place_descriptors, errno};
    }
    if (const stumble bad = close_all_but(open_after_); bad.at != step::none)
        return bad;
    if (const stumble bad = reset_signals(); bad.at != step::none)
        return bad;
    if (what_->new_session)
        ::setsid();  // cannot fail: a newborn leads no group
    else if (what_->own_group || what_->of_root)
        ::setpgid(0, 0);  // nor can this
    const sandbox* const box = what_->box.get();
    if (box != nullptr) {
        if (const stumble bad = box->bound(); bad.at != step::none)
            return bad;
    }
    if (files_ && ::setrlimit(RLIMIT_NOFILE, &*files_) == -1)
        return {step::limit_files, errno};
    if (what_->user) {
        if (const stumble bad = become(*what_->user); bad.at != step::none)
            return bad;
    }
    if (box != nullptr) {
        if (const stumble bad = box->drop(); bad.at != step::none)
            return bad;
    }
    // As the new user, who may not go everywhere.
    if (!what_->cwd.empty() && ::chdir(what_->cwd.c_str()) == -1)
        return {step::change_directory, errno};
    if (const stumble bad = on_parent_death(what_->orphan, parent); bad.at != step::none)
        return bad;
    if (box != nullptr) {
        if (const stumble bad = box->enter(binary_); bad.at != step::none)
            return bad;
    }

    write_pid();
    return {step::exec, execute()};
}

/// Returns the errno of the attempt that says most.
int launch::execute() noexcept
{
    if (binary_ != -1) {
        // By number: glibc has no wrapper before 2.34, and musl none at all.
        ::syscall(SYS_execveat, binary_, "", argv_.data(), envp_.data(), AT_EMPTY_PATH);
        return errno;
    }
    int why = ENOENT;
    for (const std::string& path : paths_) {
        ::execve(path.c_str(), argv_.data(), envp_.data());
        // As a shell does: a folder of PATH without it is passed over, and a refusal remembered.
        if (errno != ENOENT && errno != ENOTDIR)
            why = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            break;
    }
    return why;
}

void launch::confess(const stumble& why) noexcept
{
    ssize_t sent = 0;
    do {
        sent = ::write(report_out_.borrow(), &why, sizeof why);
    } while (sent == -1 && errno == EINTR);
}

result<> launch::outcome()
{
    // The last copy of the report's end goes with the exec (close-on-exec) or with the process.
    report_out_.reset();
    moved_.clear();
    stumble why;
    ssize_t got = 0;
    do {
        got = ::read(report_in_.borrow(), &why, sizeof why);
    } while (got == -1 && errno == EINTR);
    report_in_.reset();
    if (got == 0)
        return {};
    if (got != static_cast<ssize_t>(sizeof why))
        return failed(errc::malformed, "hear from the newborn", what_->exec);
    return std::unexpected(explain(why));
}

stdio_pipes launch::take_pipes() noexcept { return std::move(pipes_); }

fault launch::explain(const stumble& why) const
{
    const error_code code{why.why, boost::system::system_category()};
    const auto number = [](std::optional<credentials> user, bool group) {
        return user ? std::to_string(group ? user->gid : user->uid) : std::string{};
    };
    switch (why.at) {
        case step::place_descriptors:
        case step::close_descriptors:
            return {code, "arrange the descriptors of", what_->exec};
        case step::set_groups:
            return {code, "drop the groups of", what_->exec};
        case step::set_group:
            return {code, "set group", number(what_->user, true)};
        case step::set_user:
            return {code, "set user", number(what_->user, false)};
        case step::change_directory:
            return {code, "change directory", what_->cwd};
        case step::death_signal:
        case step::parent_gone:
            return {code, "tie to its parent", what_->exec};
        case step::capabilities:
            return {code, "drop the capabilities of", what_->exec};
        case step::no_new_privileges:
        case step::landlock:
            return {code, "keep files from", what_->exec};
        case step::seccomp:
            return {code, "keep system calls from", what_->exec};
        case step::limit_files:
            return {code, "limit the descriptors of", what_->exec};
        case step::exec:
            return {code, "exec", what_->exec};
        case step::none:
        case step::reset_signals:
            break;
    }
    return {code, "start", what_->exec};
}

}  // namespace cohort::process::detail
