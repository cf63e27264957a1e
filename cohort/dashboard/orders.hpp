#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/dashboard/order_rule.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/topics/event_stream.hpp>

#include <cstdint>
#include <optional>

namespace cohort::dashboard {

/// Has orders carried out that come over HTTP: asks the primary, and says what came of it. A
/// resource.
///
///     {"exit":0,"outcome":"done","reason":"8 workers serve","data":{…},"progress":["…"]}
///
/// With `Accept: text/event-stream` each progress comes as an event of that name when it is told,
/// and the above as `answer`. Who asked, for what, and what came of it is logged.
class orders {
public:
    explicit orders(const inquiry& primary)
        : primary_{primary}
    {}

    /// The body may be empty, or an object: the arguments of the verb, and how long to wait
    /// ("budget_ms"). Throws a refusal for a body that is neither. Lifetime: `rule` for ever.
    [[nodiscard]] awaitable<http::response> handle(http::request& of, const order_rule& rule,
                                                   std::optional<std::uint32_t> slot) const;

    /// Asks a verb that changes nothing.
    [[nodiscard]] awaitable<http::response> look(control::request what) const;

private:
    using answered = result<control::answer>;
    [[nodiscard]] awaitable<answered> carry_out(const order_rule& rule, control::request what,
                                                inquiry::hear_progress hear) const;
    [[nodiscard]] awaitable<answered> replace(control::request what,
                                              inquiry::hear_progress hear) const;

    struct telling;
    struct asked;
    [[nodiscard]] awaitable<> stream(asked about, http::event_writer& out) const;
    [[nodiscard]] awaitable<> work(asked about, telling& into) const;

    const inquiry& primary_;
};

/// The status that goes with the way in which a verb ends.
[[nodiscard]] unsigned status_of(control::exit_code code) noexcept;
/// "done", "rolled_back", …
[[nodiscard]] const char* name_of(control::exit_code code) noexcept;
/// What the primary said, for who looks.
[[nodiscard]] http::response answer_of(const control::answer& said);
/// The primary did not answer: nobody knows what came of it.
[[nodiscard]] control::answer unheard(const fault& why);

}  // namespace cohort::dashboard
