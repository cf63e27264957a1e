#pragma once

#include <cohort/base/error.hpp>

#include <boost/asio/execution_context.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace cohort {

/// A worker's compute lanes: a few threads beside its event loop, for work that would block it.
/// One set per event loop (a service of its io_context). A resource.
///
/// More lanes than cores is on purpose: the kernel's time slices let a short request overtake a
/// long one, which no queue can. The threads start with the first job, so that a program that has
/// not computed yet can still fork.
class lanes final : public boost::asio::execution_context::service {
public:
    using key_type = lanes;
    using job = std::move_only_function<void() noexcept>;
    inline static boost::asio::execution_context::id id;

    static constexpr unsigned threads_default = 4;
    static constexpr std::size_t queue_default = 1024;

    explicit lanes(boost::asio::execution_context& loop)
        : service{loop}
    {}
    ~lanes() override;

    /// The lanes of this loop, made on first use.
    static lanes& of(boost::asio::execution_context& loop);

    /// Before the first job only. `threads` 1 to 256; `queue` is how many jobs may wait.
    void configure(unsigned threads, std::size_t queue);

    /// Queues a job; it runs on one of the lanes. Errors: errc::queue_full (again later; `work` is
    /// dropped); errc::stopping. Loop: any thread.
    [[nodiscard]] result<> run(job work);

    /// Jobs running plus jobs waiting, now. 0: none of them touches anything any more, and whoever
    /// asks sees what they did. Any thread.
    [[nodiscard]] std::size_t busy() const noexcept
    {
        return busy_.load(std::memory_order_acquire);
    }
    /// Each lane's thread calls it first. Before the first job only.
    void on_thread(void (*begin)(unsigned index) noexcept) noexcept { on_thread_ = begin; }

    [[nodiscard]] unsigned threads() const noexcept { return threads_wanted_; }

    /// Which lane this thread is: 1 and up, the same for its whole life. 0: it is none.
    [[nodiscard]] static unsigned here() noexcept { return here_; }

    /// Keeps the number of busy lanes in `word`, too, for those who look from outside, and no
    /// longer in the last word given. Both outlive the lanes.
    void mirror(std::atomic<std::uint32_t>& word);

    /// Drops the jobs that have not begun, and waits for the others.
    void stop() noexcept;

private:
    void shutdown() noexcept override { stop(); }
    void work(unsigned index) noexcept;
    void count(std::ptrdiff_t change) noexcept;

    static thread_local unsigned here_;
    void (*on_thread_)(unsigned index) noexcept = nullptr;

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<job> waiting_;
    std::vector<std::jthread> threads_;
    std::atomic<std::size_t> busy_{0};
    std::atomic<std::atomic<std::uint32_t>*> mirror_{nullptr};
    std::size_t queue_max_ = queue_default;
    unsigned threads_wanted_ = threads_default;
    bool stopping_ = false;
};

}  // namespace cohort
