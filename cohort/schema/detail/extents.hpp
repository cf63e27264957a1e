#pragma once

#include <cstddef>
#include <vector>

namespace cohort::schema::detail {

/// Where the longer objects and arrays of a text end, so that who walked through one of them
/// passes over it next time. Beginnings are noted in the order of the text. A value.
///
/// One that is shorter than `worth_it` is forgotten: walking is as quick, and a text of nothing but
/// brackets does not become many times its size here.
class extents {
public:
    static constexpr std::size_t worth_it = 64;

    /// The end of what begins there, or null.
    [[nodiscard]] const char* end_of(const char* begin) const noexcept;

    /// Something begins, and ends: what lies in it is noted between the two. One that begins before
    /// what is noted already was walked through and is short.
    class span {
    public:
        span(extents& of, const char* begin);
        void end(const char* at);

    private:
        extents& of_;
        std::size_t index_;
    };

    /// Forgets what begins at `from` or behind it.
    void forget(const char* from) noexcept;

private:
    struct entry {
        const char* begin;
        const char* end;  // null: it is being walked through
    };
    std::vector<entry> all_;
};

}  // namespace cohort::schema::detail
