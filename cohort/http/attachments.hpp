#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace cohort::http {

/// Values of different types, at most one of each, that stay where they are for as long as their
/// owner lives, also when that one is moved. A value that is moved; one thread at a time.
///
/// Made for a handful of small ones per request: they share one allocation, and are told apart by
/// an address rather than by the name of their type.
class attachments {
public:
    attachments() noexcept = default;
    attachments(attachments&& other) noexcept
        : newest_{std::exchange(other.newest_, nullptr)},
          block_{std::exchange(other.block_, nullptr)},
          used_{other.used_}
    {}
    attachments& operator=(attachments&& other) noexcept
    {
        attachments taken{std::move(other)};
        std::swap(newest_, taken.newest_);
        std::swap(block_, taken.block_);
        std::swap(used_, taken.used_);
        return *this;
    }
    ~attachments() { clear(); }

    /// Keeps `value`, in place of another of its type.
    template <class T>
    T& put(T value)
    {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        if (T* const here = find<T>())
            return *here = std::move(value);
        auto* const made =
            std::construct_at(static_cast<held<T>*>(room(sizeof(held<T>))), std::move(value));
        made->before = std::exchange(newest_, made);
        return made->value;
    }

    /// The one of that type, made now if there is none.
    template <class T>
    T& get()
    {
        T* const here = find<T>();
        return here != nullptr ? *here : put(T{});
    }

    /// The one of that type, or null.
    template <class T>
    [[nodiscard]] T* find() const noexcept
    {
        for (entry* each = newest_; each != nullptr; each = each->before) {
            if (each->type == &tag<T>)
                return &static_cast<held<T>*>(each)->value;
        }
        return nullptr;
    }

private:
    static constexpr std::size_t block_bytes = 1024;

    struct entry {
        entry* before = nullptr;
        const char* type;
        void (*end)(entry&) noexcept;
    };

    template <class T>
    struct held : entry {
        explicit held(T&& from) noexcept(std::is_nothrow_move_constructible_v<T>)
            : entry{.type = &tag<T>,
                    .end = [](entry& one) noexcept { std::destroy_at(static_cast<held*>(&one)); }},
              value{std::move(from)}
        {}
        T value;
    };

    /// Whose address stands for the type.
    template <class T>
    static constexpr char tag = 0;

    /// Bytes that are free until clear().
    void* room(std::size_t bytes);
    void clear() noexcept;

    struct block {
        block* before;
        std::size_t bytes;  // of it that can be used, behind this
    };
    entry* newest_ = nullptr;
    block* block_ = nullptr;  // where the next one goes
    std::size_t used_ = 0;    // of that one
};

}  // namespace cohort::http
