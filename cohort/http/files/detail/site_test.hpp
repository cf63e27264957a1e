#pragma once
// For tests of files on the web: a folder, a server, and whole answers.

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/grammar.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cohort::http::detail {

/// A folder of its own, removed with all it holds.
class site_folder {
public:
    site_folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
    ~site_folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    site_folder(const site_folder&) = delete;
    site_folder& operator=(const site_folder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string operator/(std::string_view name) const
    {
        return path_ + "/" + std::string{name};
    }
    void write(std::string_view name, std::string_view content) const
    {
        const std::string path = *this / name;
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
        std::ofstream{path, std::ios::binary} << content;
    }
    /// As if it had been written then.
    void date(std::string_view name, std::int64_t seconds) const
    {
        const timespec when{.tv_sec = seconds, .tv_nsec = 0};
        const std::array<timespec, 2> both{when, when};
        REQUIRE(::utimensat(AT_FDCWD, (*this / name).c_str(), both.data(), 0) == 0);
    }

private:
    std::string path_ = "/tmp/cohort-test-XXXXXX";
};

/// An answer as it came, taken apart.
struct site_answer {
    std::string head;
    std::string body;

    [[nodiscard]] std::string status() const { return head.substr(9, 3); }
    [[nodiscard]] std::string field(std::string_view name) const
    {
        std::string_view rest = head;
        while (!rest.empty()) {
            const std::string_view line = rest.substr(0, rest.find("\r\n"));
            rest.remove_prefix(std::min(rest.size(), line.size() + 2));
            if (equal_ignoring_case(line.substr(0, line.find(':')), name) &&
                line.size() > name.size())
                return std::string{trim(line.substr(name.size() + 1))};
        }
        return {};
    }
};

/// A server for files.
struct site {
    explicit site(server_options options = {})
        : h{std::move(options)}
    {}

    site_answer ask(std::string_view method, std::string_view target, std::string_view fields = {})
    {
        client c = h.connect();
        c.say(fmt::format("{} {} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n{}\r\n", method,
                          target, fields));
        h.hear_end(c);
        const std::size_t end = c.heard.find("\r\n\r\n");
        REQUIRE(end != std::string::npos);
        return {c.heard.substr(0, end + 2), c.heard.substr(end + 4)};
    }
    site_answer get(std::string_view target, std::string_view fields = {})
    {
        return ask("GET", target, fields);
    }

    site_folder files;
    house h;
};

}  // namespace cohort::http::detail
