#pragma once
// What this process logs, for tests of the log itself.

#include <cohort/base/unique_fd.hpp>
#include <cohort/observe/log.hpp>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <array>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cohort::log::detail {

/// Catches the lines of this process in a pipe for as long as it lives.
class caught {
public:
    explicit caught(options how = {})
    {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read_.reset(ends[0]);
        write_.reset(ends[1]);
        REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
        how.descriptor = write_.borrow();
        configure(how);
    }
    caught(const caught&) = delete;
    caught& operator=(const caught&) = delete;
    ~caught() { configure({}); }

    [[nodiscard]] std::string text() const
    {
        std::array<char, 65536> all{};
        const ssize_t got = ::read(read_.borrow(), all.data(), all.size());
        return got <= 0 ? std::string{} : std::string{all.data(), static_cast<std::size_t>(got)};
    }
    [[nodiscard]] boost::json::object object() const
    {
        return boost::json::parse(text()).as_object();
    }

private:
    unique_fd read_;
    unique_fd write_;
};

/// The same in a file, where lines may be longer.
class caught_in_file {
public:
    explicit caught_in_file(options how = {})
    {
        how.descriptor = file_.borrow();
        configure(how);
    }
    caught_in_file(const caught_in_file&) = delete;
    caught_in_file& operator=(const caught_in_file&) = delete;
    ~caught_in_file() { configure({}); }

    [[nodiscard]] std::string text() const
    {
        std::string all(65536, '\0');
        const ssize_t got = ::pread(file_.borrow(), all.data(), all.size(), 0);
        all.resize(got <= 0 ? 0 : static_cast<std::size_t>(got));
        return all;
    }
    [[nodiscard]] boost::json::object object() const
    {
        return boost::json::parse(text()).as_object();
    }

private:
    unique_fd file_{::memfd_create("log", MFD_CLOEXEC)};
};

}  // namespace cohort::log::detail
