// How a reader says what it does not like, and where; and what it takes back.

#include <cohort/schema/reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

namespace cohort::schema {

bool reader::finish()
{
    white();
    return (at_ == end_ && !malformed()) || fail("something stands after the document");
}

bool reader::fail(std::string what)
{
    if (malformed())
        return false;
    const std::string_view before{begin_, static_cast<std::size_t>(at_ - begin_)};
    const auto lines = std::ranges::count(before, '\n');
    const std::size_t line_begins = before.rfind('\n') + 1;  // npos + 1 is 0
    found_.all.clear();
    found_.syntax = syntax_mistake{.what = std::move(what),
                                   .offset = before.size(),
                                   .line = static_cast<std::size_t>(lines) + 1,
                                   .column = before.size() - line_begins + 1};
    at_ = end_;  // nothing more is there to be taken
    return false;
}

bool reader::fail_twice(std::string_view name)
{
    return fail(fmt::format("object key `{}` is there twice", shortened(name)));
}

std::string reader::pointer() const
{
    std::vector<const inside*> way;
    for (const inside* step = here_; step != nullptr; step = step->up_)
        way.push_back(step);
    std::string out;
    for (const inside* step : std::views::reverse(way)) {
        out.push_back('/');
        out +=
            step->indexed_ ? std::to_string(step->index_) : pointer_segment(shortened(step->name_));
    }
    return out;
}

std::size_t reader::levels() const noexcept
{
    std::size_t count = 0;
    for (const inside* step = here_; step != nullptr; step = step->up_)
        ++count;
    return count;
}

bool reader::complain(std::string_view keyword, std::string limit, std::string message)
{
    return complain_at({}, keyword, std::move(limit), std::move(message));
}

bool reader::complain_at(std::string_view below, std::string_view keyword, std::string limit,
                         std::string message)
{
    if (found_.all.size() == mistakes_max) {
        found_.more = true;
        return false;
    }
    std::string where = pointer();
    where += below;
    found_.all.push_back({.pointer = std::move(where),
                          .keyword = keyword,
                          .limit = std::move(limit),
                          .message = std::move(message)});
    return true;
}

mistakes reader::take_mistakes() { return std::exchange(found_, {}); }

reader::trial::trial(reader& of) noexcept
    : of_{of}, from_{of.at_}, depth_{of.depth_}, outer_{of.take_mistakes()}
{}

reader::trial::~trial()
{
    if (of_.malformed())
        return;
    mistakes mine = of_.take_mistakes();
    of_.found_ = std::move(outer_);
    for (mistake& each : mine.all) {
        if (of_.found_.all.size() == mistakes_max)
            of_.found_.more = true;
        else
            of_.found_.all.push_back(std::move(each));
    }
    of_.found_.more = of_.found_.more || mine.more;
}

bool reader::trial::keep(mistakes these)
{
    const bool more = these.more;
    of_.found_ = std::move(these);
    return !more;
}

bool reader::trial::again()
{
    // Unions in unions in lists could have a short text read over and over.
    constexpr std::size_t factor = 8;
    constexpr std::size_t always = 4096;
    of_.reread_ += static_cast<std::size_t>(of_.at_ - from_);
    if (of_.reread_ > static_cast<std::size_t>(of_.end_ - of_.begin_) * factor + always)
        return of_.fail("the text has too many alternatives");
    of_.at_ = from_;
    of_.depth_ = depth_;
    of_.found_ = {};
    of_.skipped_.forget(from_);
    return true;
}

reader::look::~look()
{
    of_.looking_ = false;
    if (of_.malformed())  // its place is where it is malformed
        return;
    of_.at_ = from_;
    of_.depth_ = depth_;
}

}  // namespace cohort::schema
