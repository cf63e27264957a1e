#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace cohort::http::detail {

/// Keeps one completion handler of whatever type until the operation is over, in memory that the
/// next one uses again. A resource.
class completion {
public:
    completion() noexcept = default;
    completion(const completion&) = delete;
    completion& operator=(const completion&) = delete;
    ~completion()
    {
        if (held_ != nullptr)
            held_->destroy();
    }

    [[nodiscard]] bool waits() const noexcept { return held_ != nullptr; }

    template <class Handler>
    void hold(Handler&& then)
    {
        using kept = holder<std::decay_t<Handler>>;
        static_assert(alignof(kept) <= alignof(std::max_align_t));
        if (size_ < sizeof(kept)) {
            memory_ = std::make_unique_for_overwrite<std::byte[]>(sizeof(kept));
            size_ = sizeof(kept);
        }
        held_ = ::new (memory_.get()) kept(std::forward<Handler>(then));
    }

    /// Nothing if nobody waits. The handler may begin the next operation.
    void finish(boost::system::error_code ec, std::size_t bytes)
    {
        if (held_ != nullptr)
            std::exchange(held_, nullptr)->run(ec, bytes);
    }

private:
    struct base {
        virtual void run(boost::system::error_code ec, std::size_t bytes) = 0;
        virtual void destroy() noexcept = 0;

    protected:
        ~base() = default;
    };

    template <class Handler>
    struct holder final : base {
        explicit holder(Handler then)
            : handler{std::move(then)}
        {}
        void run(boost::system::error_code ec, std::size_t bytes) override
        {
            // Out of here first: the memory is for whoever is next, who may be inside this call.
            Handler mine{std::move(handler)};
            destroy();
            mine(ec, bytes);
        }
        void destroy() noexcept override { std::destroy_at(this); }
        Handler handler;
    };

    std::unique_ptr<std::byte[]> memory_;
    std::size_t size_ = 0;
    base* held_ = nullptr;
};

}  // namespace cohort::http::detail
