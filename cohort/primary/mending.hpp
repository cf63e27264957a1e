#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/primary/settling.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <functional>
#include <map>

namespace cohort::primary {

/// Tries slots that were given up once more when what their worker starts from is another file by
/// now. A resource of the primary's loop.
///
/// What is held by its descriptor (a program file, our own) does not change under its name: of that
/// only the log says, once, that a reload would start the new one.
class mending {
public:
    /// `held_back`: somebody else (a reload) fills seats: nobody is tried.
    mending(supervisor& of, std::function<bool()> held_back);

    /// Looks, until cancelled. Deadline: none, this is its life.
    [[nodiscard]] awaitable<> run();

private:
    /// What is remembered of a slot since it was given up.
    struct remnant {
        settling files;
        bool told = false;  // that there is another program file
    };

    void look();

    supervisor& of_;
    std::function<bool()> held_back_;
    std::map<std::uint32_t, remnant> parked_;  // by slot
};

}  // namespace cohort::primary
