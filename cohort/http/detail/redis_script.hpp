#pragma once

#include <cohort/http/limiting/limit_rule.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohort::http::detail {

/// What Redis runs for us, and by what it knows it. A value; those below live for ever.
struct redis_script {
    explicit redis_script(std::string_view its_text);
    std::string_view text;
    std::string name;
};

/// One request. Answers {admitted, remaining, microseconds until more, what was written}.
[[nodiscard]] const redis_script& hit_script();
[[nodiscard]] std::vector<std::string> words_of_hit(const limit_rule& by);

/// Takes one back, unless it counts no longer. Answers {how many}.
[[nodiscard]] const redis_script& give_back_script();
[[nodiscard]] std::vector<std::string> words_of_give_back(const limit_rule& by,
                                                          const limit_ruling& hit);

}  // namespace cohort::http::detail
