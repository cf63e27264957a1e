#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace cohort::http {

/// What else is known about a route: the permission it asks for, the shape of its body, words for
/// the documentation. A value; copies share what they hold, which never changes.
///
///     api.post("/payments", pay, {.notes = {permission{"payments:create"}, summary{"Pays"}}});
///
/// Anything can be a note. Middleware finds that of its own type:
/// `of.route()->note<permission>()`.
class route_notes {
public:
    /// One of them; made from any value.
    class note {
    public:
        template <class T>
            requires(!std::same_as<std::remove_cvref_t<T>, note>)
        note(T&& value)
            : type_{&typeid(std::remove_cvref_t<T>)},
              value_{std::make_shared<const std::remove_cvref_t<T>>(std::forward<T>(value))}
        {}

    private:
        friend class route_notes;
        const std::type_info* type_;
        std::shared_ptr<const void> value_;
    };

    route_notes() = default;
    route_notes(std::initializer_list<note> all)
        : all_(all)  // braces would make one note of the whole list
    {}

    /// Adds one. What is there already of its type stays in front.
    void add(note one) { all_.push_back(std::move(one)); }
    void add(const route_notes& others)
    {
        all_.insert(all_.end(), others.all_.begin(), others.all_.end());
    }

    /// The first note of type T, or null. Valid as long as any copy of these notes.
    template <class T>
    [[nodiscard]] const T* find() const noexcept
    {
        for (const note& each : all_) {
            if (*each.type_ == typeid(T))
                return static_cast<const T*>(each.value_.get());
        }
        return nullptr;
    }

    /// Every note of type T, in order.
    template <class T>
    [[nodiscard]] std::vector<const T*> all() const
    {
        std::vector<const T*> found;
        for (const note& each : all_) {
            if (*each.type_ == typeid(T))
                found.push_back(static_cast<const T*>(each.value_.get()));
        }
        return found;
    }

private:
    std::vector<note> all_;
};

}  // namespace cohort::http
