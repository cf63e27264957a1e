#include <cohort/http/auth/subject.hpp>

#include <cohort/http/problem.hpp>

namespace cohort::http {

const subject& subject_of(const request& of)
{
    const subject* found = of.attached<subject>();
    if (found == nullptr)
        throw refusal{401}.detail("say who you are").header("WWW-Authenticate", "Bearer");
    return *found;
}

}  // namespace cohort::http
