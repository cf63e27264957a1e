#include <cohort/schema/node.hpp>

#include <fmt/format.h>

namespace cohort::schema {

namespace {

std::string with_article(std::string_view type)
{
    const bool vowel = type.find_first_of("aeio") == 0;
    return fmt::format("{} {}", vowel ? "an" : "a", type);
}

}  // namespace

bool refuse_type(reader& in, kind is, std::string_view type)
{
    if (is == kind::nothing)
        return false;
    return in.complain("type", fmt::format("\"{}\"", type),
                       fmt::format("must be {}, not {}", with_article(type), described(is))) &&
           in.skip();
}

bool refuse_words(reader& in, std::string_view type)
{
    return in.complain("type", fmt::format("\"{}\"", type),
                       fmt::format("must be {}", with_article(type)));
}

}  // namespace cohort::schema
