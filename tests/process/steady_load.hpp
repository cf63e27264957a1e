#pragma once
// Somebody who asks a server all the time.

#include <cohort/testing/client.hpp>
#include <cohort/testing/harness.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cohort::testing {

/// One request after the other, each on a connection of its own, until the end. A resource.
class steady_load {
public:
    explicit steady_load(std::uint16_t port, std::string path = "/")
        : port_{port}, path_{std::move(path)}, thread_{[this] { run(); }}
    {}
    ~steady_load() { stop(); }
    steady_load(const steady_load&) = delete;
    steady_load& operator=(const steady_load&) = delete;

    [[nodiscard]] std::uint64_t answered() const { return answered_; }
    /// Waits until so many more were answered.
    bool goes_on(std::uint64_t more = 20)
    {
        const std::uint64_t until = answered_ + more;
        return eventually([&] { return answered_ >= until; });
    }
    /// What went wrong, after the end.
    const std::vector<std::string>& stop()
    {
        over_ = true;
        if (thread_.joinable())
            thread_.join();
        return failures_;
    }

private:
    void run()
    {
        while (!over_) {
            try {
                client each{port_};
                each.send("GET " + path_ + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                const std::string answer = each.receive_all();
                if (!answer.starts_with("HTTP/1.1 200"))
                    throw std::runtime_error{"answer: " + answer};
                ++answered_;
            } catch (const std::exception& wrong) {
                failures_.emplace_back(wrong.what());
            }
        }
    }

    std::uint16_t port_;
    std::string path_;
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::vector<std::string> failures_;  // of the thread, until it has ended
    std::thread thread_;
};

}  // namespace cohort::testing
