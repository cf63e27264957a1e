#pragma once
// The executor of a coroutine that has a request: whatever it runs is run in that request's name,
// so that a crash is blamed on the right one, however many of them take turns.

#include <cohort/http/culprit.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace cohort::http {

/// Whose name it is. Shared by all copies of the executor, which may outlive the request: end()
/// says that it is over. Loop: the server's.
class leg_name {
public:
    /// `word`: the journal's, for the loop's thread; null without a journal. `descriptor`: of the
    /// request's connection.
    leg_name(std::atomic<std::uint32_t>* word, int descriptor, const request& asked) noexcept
        : word_{word}, name_{static_cast<std::uint32_t>(descriptor + 1)}, asked_{&asked}
    {}

    /// The connection is closed: its number may be another's. The request is still to blame.
    void lose_connection() noexcept { name_ = 0; }
    void end() noexcept
    {
        name_ = 0;
        asked_ = nullptr;
    }

    /// Names the request for the length of a block.
    class spoken {
    public:
        explicit spoken(leg_name& by) noexcept
            : word_{by.asked_ != nullptr ? by.word_ : nullptr}
        {
            asked_before_ = culprit::run(0, by.asked_);
            if (word_ != nullptr)
                name_before_ = word_->exchange(by.name_, std::memory_order_relaxed);
        }
        spoken(const spoken&) = delete;
        spoken& operator=(const spoken&) = delete;
        ~spoken()
        {
            if (word_ != nullptr)
                word_->store(name_before_, std::memory_order_release);
            culprit::run(0, asked_before_);
        }

    private:
        std::atomic<std::uint32_t>* word_;
        std::uint32_t name_before_ = 0;
        const request* asked_before_ = nullptr;
    };

private:
    std::atomic<std::uint32_t>* word_;
    std::uint32_t name_;
    const request* asked_;
};

/// `Inner`, with a name on everything that it runs. A value.
template <class Inner>
class leg_executor {
public:
    leg_executor(Inner inner, std::shared_ptr<leg_name> name) noexcept
        : inner_{std::move(inner)}, name_{std::move(name)}
    {}

    template <class Property>
        requires(boost::asio::can_query<const Inner&, Property>::value)
    [[nodiscard]] decltype(auto) query(const Property& what) const
        noexcept(boost::asio::is_nothrow_query<const Inner&, Property>::value)
    {
        return boost::asio::query(inner_, what);
    }

    template <class Property>
        requires(boost::asio::can_require<const Inner&, Property>::value)
    [[nodiscard]] auto require(const Property& what) const
        noexcept(boost::asio::is_nothrow_require<const Inner&, Property>::value)
    {
        using other = std::decay_t<decltype(boost::asio::require(inner_, what))>;
        return leg_executor<other>{boost::asio::require(inner_, what), name_};
    }

    template <class Function>
    void execute(Function&& work) const
    {
        inner_.execute(
            [name = name_, work = std::decay_t<Function>(std::forward<Function>(work))]() mutable {
                const leg_name::spoken here{*name};
                std::move(work)();
            });
    }

    friend bool operator==(const leg_executor&, const leg_executor&) noexcept = default;

private:
    Inner inner_;
    std::shared_ptr<leg_name> name_;
};

}  // namespace cohort::http
