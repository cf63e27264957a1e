#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/primary/scaling.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace cohort::primary {

/// Measures how busy workers are, and changes their number when `workers` is a range. A resource of
/// the primary's loop.
///
/// Who says a number (TTIN, TTOU, `scale`) pins it; who says a range (`scale api 2..16`) has it
/// kept within that one. Which of them counts, supervisor::number() knows.
class scaler {
public:
    /// `held_back`: somebody else (a reload) empties seats: the number stays.
    scaler(supervisor& of, std::function<bool()> held_back);

    /// Looks, until cancelled. Deadline: none, this is its life.
    [[nodiscard]] awaitable<> run();

private:
    /// What is remembered of one worker.
    struct meter {
        steady_time at{};
        nanoseconds used{0};
    };

    [[nodiscard]] bool is_due();
    void go_by(const config::worker_count& number);
    void look();
    void act(unsigned present, unsigned wanted);
    [[nodiscard]] double load_of(const tenant_view& who, steady_time at);

    supervisor& of_;
    std::function<bool()> held_back_;
    std::optional<scaling> decides_;
    generation_ptr for_;                     // whose terms it goes by
    config::worker_count number_;            // likewise
    std::map<std::uint32_t, meter> meters_;  // by worker id; those that live
};

}  // namespace cohort::primary
