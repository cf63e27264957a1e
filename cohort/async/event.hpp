#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace cohort {

/// Something that happens, and those who asked to hear of it. One event loop only.
///
/// Listeners are called in the order they subscribed, inside emit(). A listener may drop its own
/// or another subscription, and may add new ones: newcomers first hear the next emit(). It must
/// not throw; its signature says so.
template <class... Args>
class event {
public:
    using listener = std::move_only_function<void(const Args&...) noexcept>;

    /// Stay subscribed for as long as you keep this. It may outlive the event.
    class [[nodiscard]] subscription {
    public:
        subscription() noexcept = default;

    private:
        friend class event;
        explicit subscription(std::shared_ptr<listener> kept) noexcept
            : kept_{std::move(kept)}
        {}
        std::shared_ptr<listener> kept_;
    };

    subscription subscribe(listener call)
    {
        auto kept = std::make_shared<listener>(std::move(call));
        listeners_.push_back(kept);
        return subscription{std::move(kept)};
    }

    void emit(const Args&... args)
    {
        ++depth_;
        for (std::size_t i = 0, known = listeners_.size(); i < known; ++i) {
            // The lock keeps a listener alive while it drops its own subscription.
            if (const auto call = listeners_[i].lock())
                (*call)(args...);
        }
        if (--depth_ == 0)
            std::erase_if(listeners_, [](const auto& l) { return l.expired(); });
    }

private:
    std::vector<std::weak_ptr<listener>> listeners_;
    unsigned depth_ = 0;  // emit() may be called from a listener
};

}  // namespace cohort
