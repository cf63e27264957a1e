#include <cohort/testing/log_recorder.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cohort::testing {

log_recorder::log_recorder(log::level least)
    : file_{::memfd_create("log", MFD_CLOEXEC)}
{
    if (!file_.valid())
        throw failure{failed("make a file for the log").error()};
    log::options how;
    how.least = least;
    how.descriptor = file_.borrow();
    log::configure(how);
}

log_recorder::~log_recorder() { log::configure({}); }

std::string log_recorder::text() const
{
    // A file takes every line at once, so nothing is held back anywhere else.
    std::string all;
    std::array<char, 65'536> piece;
    for (;;) {
        const ssize_t got =
            ::pread(file_.borrow(), piece.data(), piece.size(), static_cast<off_t>(all.size()));
        if (got <= 0)
            return all;
        all.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::vector<boost::json::object> log_recorder::lines() const
{
    std::vector<boost::json::object> all;
    const std::string bytes = text();
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        boost::system::error_code why;
        auto read = boost::json::parse(line, why);
        if (why || !read.is_object())
            throw failure{fault(errc::malformed, "read a line of the log", std::string{line})};
        all.push_back(std::move(read.as_object()));
    }
    return all;
}

std::vector<boost::json::object> log_recorder::with(std::string_view part) const
{
    std::vector<boost::json::object> found = lines();
    std::erase_if(found, [part](const boost::json::object& line) {
        const auto* const message = line.if_contains("message");
        return message == nullptr || !message->is_string() ||
               std::string_view{message->as_string()}.find(part) == std::string_view::npos;
    });
    return found;
}

void log_recorder::clear()
{
    static_cast<void>(::ftruncate(file_.borrow(), 0) == 0);
    static_cast<void>(::lseek(file_.borrow(), 0, SEEK_SET));
}

}  // namespace cohort::testing
