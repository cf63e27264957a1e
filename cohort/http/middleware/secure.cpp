#include <cohort/http/middleware/secure.hpp>

#include <cohort/base/error.hpp>
#include <cohort/http/middleware/hosts.hpp>

#include <utility>

namespace cohort::http {

void secure(routes& api, secure_options choices)
{
    if (choices.hosts.empty())
        throw failure{fault(errc::bad_value, "secure routes without a list of hosts")};
    // Outermost, so that refusals of the others wear it too.
    api.use(helmet(std::move(choices.helmet)));
    if (choices.hosts != any_host())
        api.use(hosts(std::move(choices.hosts)));
    if (choices.https)
        api.use(https_only(*choices.https));
}

std::vector<std::string> any_host() { return {"*"}; }

}  // namespace cohort::http
