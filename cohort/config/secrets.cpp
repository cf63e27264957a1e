#include <cohort/config/secrets.hpp>

#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/detail/read_all.hpp>

#include <fmt/format.h>

#include <fcntl.h>

#include <utility>

namespace cohort::config {

namespace {

constexpr std::size_t value_max = 64 << 10;

result<std::string> value_of(const secret& from)
{
    if (from.file.empty()) {
        const std::string name = fmt::format("descriptor {}", from.fd);
        const int flags = ::fcntl(from.fd, F_GETFD);
        if (flags == -1)
            return failed("read", name);
        // All that we open ourselves is close-on-exec from birth; what we were started with is not.
        if ((flags & FD_CLOEXEC) != 0)
            return failed(errc::bad_value, "read",
                          name + ": it is none that this process was started with; a descriptor "
                                 "can be read by a start, not by a reload");
        // Ours from now on: workers must not inherit what only the value was meant to leave.
        const unique_fd given{from.fd};
        return detail::read_all(given.borrow(), value_max, name);
    }
    const unique_fd file{::open(from.file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!file.valid())
        return failed("open", from.file);
    return detail::read_all(file.borrow(), value_max, from.file);
}

result<std::string> usable_value_of(const secret& from)
{
    COHORT_TRY(std::string value, value_of(from));
    if (value.ends_with('\n'))
        value.pop_back();
    if (value.find('\0') != std::string::npos)
        return failed(errc::bad_value, "read a value without NUL from",
                      from.file.empty() ? fmt::format("descriptor {}", from.fd) : from.file);
    return value;
}

}  // namespace

std::vector<problem> read_secrets(settings& s, const std::map<std::string, std::string>& known)
{
    std::vector<problem> wrong;
    std::map<std::string, secret> unread;
    for (const auto& [name, from] : s.secrets) {
        const auto before = known.find(name);
        if (from.file.empty() && before != known.end()) {
            s.env[name] = before->second;
            continue;
        }
        auto value = usable_value_of(from);
        if (value) {
            s.env[name] = std::move(*value);
            continue;
        }
        wrong.push_back({.file = "",
                         .line = 0,
                         .column = 0,
                         .key = fmt::format("env.{}", name),
                         .words = "cannot " + value.error().text()});
        unread.emplace(name, from);
    }
    s.secrets = std::move(unread);
    return wrong;
}

}  // namespace cohort::config
