#pragma once

#include <cohort/async/scope.hpp>
#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/ipc/envelope.hpp>
#include <cohort/ipc/message.hpp>
#include <cohort/primary/audience.hpp>
#include <cohort/primary/worker_handle.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace cohort::primary {

/// Carries the program's messages: to workers, from workers, and between them. A resource.
///
/// Of a message between workers only the header is read. Who sends faster than the receiver reads
/// is not read any more himself, until there is room: queues have an end, and push back.
class post_office {
public:
    using directory = std::map<std::uint32_t, worker_ptr>;

    post_office(const directory& workers, scope& tasks, audience& to)
        : workers_{workers}, tasks_{tasks}, audience_{to}
    {}

    /// An envelope of kind `user`, or any answer, that `from` sent.
    void arrived(const worker_ptr& from, ipc::envelope what);
    /// Nothing will come from this worker any more: who waits for its answer is told.
    void gone(std::uint32_t id);

    [[nodiscard]] awaitable<result<>> send(std::uint32_t id, ipc::message what, nanoseconds budget);
    [[nodiscard]] result<> try_send(std::uint32_t id, ipc::message& what);
    [[nodiscard]] awaitable<result<>> broadcast(ipc::message what, nanoseconds budget);
    [[nodiscard]] awaitable<result<ipc::message>> request(std::uint32_t id, ipc::message what,
                                                          nanoseconds budget);

private:
    static constexpr std::size_t pending_max = 16;  // relays of one sender that wait for room

    static constexpr std::size_t open_max = 1024;  // requests that one worker has to answer

    struct asked {
        std::uint32_t asker;
        std::uint64_t correlation;
    };

    [[nodiscard]] worker_ptr find(std::uint32_t id) const;
    void forward(const worker_ptr& from, ipc::envelope what);
    void spread(const worker_ptr& from, const ipc::envelope& what);
    void deliver(const worker_ptr& from, ipc::envelope what);
    void pass(const worker_ptr& from, const worker_ptr& to, ipc::envelope what);
    void refuse(const worker_ptr& asker, const ipc::envelope& request, const fault& why);
    [[nodiscard]] awaitable<> pass_later(worker_ptr from, worker_ptr to, ipc::envelope what);
    [[nodiscard]] awaitable<> answer(worker_ptr from, ipc::envelope request);
    [[nodiscard]] awaitable<result<>> hand_over(std::uint32_t id, ipc::message what,
                                                nanoseconds budget);
    [[nodiscard]] awaitable<result<>> to_everybody(ipc::message what, nanoseconds budget);
    [[nodiscard]] awaitable<result<ipc::message>> pose(std::uint32_t id, ipc::message what,
                                                       nanoseconds budget);

    const directory& workers_;
    scope& tasks_;
    audience& audience_;
    std::map<std::uint32_t, std::vector<asked>> open_;     // by who has to answer
    std::map<std::uint32_t, std::size_t> waiting_relays_;  // by sender
};

}  // namespace cohort::primary
