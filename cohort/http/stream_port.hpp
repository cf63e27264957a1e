#pragma once

#include <cohort/http/leg_port.hpp>

#include <string_view>

namespace cohort::http {

class session;

/// Where a coroutine handler meets its connection: the request's body comes in, the answer's body
/// goes out, each at the pace of the slower side. A resource of the coroutine.
class stream_port final : public leg_port {
public:
    stream_port(session& of, asio::any_io_executor executor, leg_name& name)
        : leg_port{executor, name}, session_{of}
    {}

    [[nodiscard]] awaitable<result<std::string_view>> read() override;
    [[nodiscard]] awaitable<result<>> write(std::string_view piece) override;

private:
    session& session_;
};

}  // namespace cohort::http
