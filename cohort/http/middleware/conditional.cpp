#include <cohort/http/middleware/conditional.hpp>

#include <cohort/http/conditions.hpp>
#include <cohort/http/date.hpp>
#include <cohort/http/grammar.hpp>
#include <cohort/http/problem.hpp>

#include <memory>
#include <utility>

namespace cohort::http {

namespace {

bool reads(method verb) noexcept { return verb == method::get || verb == method::head; }

/// 304 with the fields of the answer that it stands for, but for those of a body.
response not_modified(const response& answer)
{
    response bare{304};
    std::string_view lines = answer.fields().wire();
    while (!lines.empty()) {
        const std::size_t colon = lines.find(':');
        const std::size_t end = lines.find("\r\n");
        const auto name = lines.substr(0, colon);
        const bool of_a_body = equal_ignoring_case(name, "Content-Encoding") ||
                               equal_ignoring_case(name, "Content-Language") ||
                               equal_ignoring_case(name, "Content-Range");
        if (!of_a_body)
            bare.add_header(name, lines.substr(colon + 2, end - colon - 2));
        lines.remove_prefix(end + 2);
    }
    if (answer.closes())
        bare.close_after();
    return bare;
}

bool gets_a_tag(const response& answer, const conditional_options& choices)
{
    if (choices.tag == answer_tag::none || answer.streams() || answer.header("ETag"))
        return false;
    const auto cached = answer.header("Cache-Control");
    return answer.body().size() <= choices.bytes_max && !(cached && list_has(*cached, "no-store"));
}

void judge(const request& of, response& answer, const conditional_options& choices)
{
    if (!reads(of.method()) || answer.status() != 200)
        return;
    if (gets_a_tag(answer, choices)) {
        const std::string tag = tag_of(answer.body());
        answer.header("ETag", choices.tag == answer_tag::weak ? "W/" + tag : tag);
    }
    resource_state now{.tag = answer.header("ETag").value_or("")};
    if (const auto modified = answer.header("Last-Modified"))
        now.modified = parse_date(*modified);
    if (now.tag.empty() && !now.modified)
        return;
    switch (weigh(of, now)) {
        case condition_outcome::met:
            break;
        case condition_outcome::not_modified:
            answer = not_modified(answer);
            break;
        case condition_outcome::failed:
            answer = problem(412);
            break;
    }
}

std::optional<response> judge_change(const request& of, const conditional_options& choices)
{
    const bool asked = of.header("If-Match") || of.header("If-None-Match");
    if (reads(of.method()) || !choices.current || !asked)
        return std::nullopt;
    const auto tag = choices.current(of);
    // What does not exist matches nothing, not even "*".
    if (!tag)
        return of.header("If-Match") ? std::optional{problem(412)} : std::nullopt;
    if (weigh(of, {.tag = *tag}) == condition_outcome::failed)
        return problem(412);
    return std::nullopt;
}

}  // namespace

hooks conditional(conditional_options choices)
{
    const auto shared = std::make_shared<const conditional_options>(std::move(choices));
    return {.name = "conditional",
            .before = [shared](request& of) { return judge_change(of, *shared); },
            .after = [shared](const request& of, response& answer) { judge(of, answer, *shared); }};
}

}  // namespace cohort::http
