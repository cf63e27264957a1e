#pragma once

#include <cohort/http/leg_port.hpp>

#include <string>
#include <string_view>

namespace cohort::http::h2 {

class stream;

/// Where a coroutine handler meets its stream: bodies in and out, each at the pace of the slower
/// side, by the stream's windows. A resource of the coroutine.
class stream_port final : public leg_port {
public:
    stream_port(stream& of, asio::any_io_executor executor, leg_name& name)
        : leg_port{executor, name}, stream_{of}
    {}

    [[nodiscard]] awaitable<result<std::string_view>> read() override;
    [[nodiscard]] awaitable<result<>> write(std::string_view piece) override;

    /// The handler has ended: what it looked at is gone.
    void give_back();

private:
    stream& stream_;
    std::string taken_;  // what the handler looks at: the client may send more when it comes back
};

}  // namespace cohort::http::h2
