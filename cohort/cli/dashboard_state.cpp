#include <cohort/cli/dashboard_state.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/cli/view.hpp>
#include <cohort/control/entrance.hpp>
#include <cohort/control/fields.hpp>
#include <cohort/control/place.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>

namespace cohort::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view question = "GET /api/v1/state HTTP/1.1\r\n"
                                      "Host: localhost\r\n"
                                      "Accept: application/json\r\n"
                                      "Connection: close\r\n\r\n";
constexpr std::size_t answer_bytes_max = std::size_t{16} << 20;

/// What comes until the other side has said all; empty: that took too long, or it failed.
std::string receive_all(const unique_fd& from, steady_time until)
{
    std::string all;
    std::array<char, 65'536> piece;
    while (all.size() <= answer_bytes_max) {
        const auto left = std::chrono::ceil<milliseconds>(until - now()).count();
        pollfd ready{.fd = from.borrow(), .events = POLLIN, .revents = 0};
        const int came = left <= 0 ? 0 : ::poll(&ready, 1, static_cast<int>(left));
        if (came == -1 && errno == EINTR)
            continue;
        if (came <= 0)
            return {};
        const auto got = ::recv(from.borrow(), piece.data(), piece.size(), 0);
        if (got == 0)
            return all;
        if (got == -1 && errno != EINTR && errno != EAGAIN)
            return {};
        if (got > 0)
            all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return {};
}

const json::object* worker_in(const json::object& state, std::int64_t slot)
{
    for (const json::object* const each : objects_at(state, "workers")) {
        if (number_at(*each, "slot") == slot)
            return each;
    }
    return nullptr;
}

void copy(json::object& to, const json::object& from, std::initializer_list<std::string_view> which)
{
    for (const std::string_view each : which)
        to[json::string_view{each.data(), each.size()}] = control::value_at(from, each);
}

}  // namespace

std::optional<json::object> object_in_answer(std::string_view answer)
{
    const auto head = answer.find("\r\n\r\n");
    if (head == std::string_view::npos || !answer.starts_with("HTTP/1.1 200 "))
        return std::nullopt;
    const std::string_view body = answer.substr(head + 4);
    json::error_code ec;
    json::value all = json::parse({body.data(), body.size()}, ec);
    if (ec || !all.is_object())
        return std::nullopt;
    return std::move(all.as_object());
}

std::optional<json::object> dashboard_state(const std::filesystem::path& admin_socket,
                                            milliseconds patience)
{
    const steady_time until = now() + patience;
    const auto made = control::connect_to(control::dashboard_beside(admin_socket));
    if (!made)
        return std::nullopt;
    const auto sent = ::send(made->borrow(), question.data(), question.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(question.size()))
        return std::nullopt;
    return object_in_answer(receive_all(*made, until));
}

void add_state(json::object& survey, const json::object& state)
{
    if (const json::object* const all = object_at(state, "cohort"))
        copy(survey, *all, {"state", "reason", "p50_ms", "p99_ms", "errors_per_s"});
    copy(survey, state, {"dropped", "refused", "routes", "crashes", "throttled_s", "memory"});
    json::value* const slots = survey.if_contains("slots");
    if (slots == nullptr || !slots->is_array())
        return;
    for (json::value& each : slots->as_array()) {
        json::object* const slot = each.if_object();
        const auto number = slot == nullptr ? std::nullopt : number_at(*slot, "slot");
        const json::object* const worker = number ? worker_in(state, *number) : nullptr;
        // The dashboard looked a moment before: of another worker nothing is known yet.
        if (worker != nullptr && number_at(*worker, "id") == number_at(*slot, "worker"))
            copy(*slot, *worker,
                 {"utilisation", "lag_p99_ms", "errors_per_s", "oddness", "last_error", "fds"});
    }
}

}  // namespace cohort::cli
