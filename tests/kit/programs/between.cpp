// A service between two others: what it is asked, it asks NEIGHBOUR.
#include <cohort/cohort.hpp>
#include <cohort/http/client/client.hpp>
#include <cohort/http/middleware/tracing.hpp>
#include <cohort/observe/log.hpp>

#include <cstdlib>
#include <string>

namespace http = cohort::http;

namespace {

struct ask_far {
    cohort::task<http::response> operator()(http::request& of) const
    {
        const auto answer = co_await client->get(far, of);
        if (!answer)
            co_return http::text(answer.error().text(), 502);
        co_return http::bytes("application/json", std::string{answer->body()});
    }
    http::client* client;
    std::string far;
};

}  // namespace

int main(int argc, char** argv)
{
    const char* const neighbour = std::getenv("NEIGHBOUR");
    if (neighbour == nullptr) {
        cohort::log::error("NEIGHBOUR is not set");
        return 1;
    }
    http::client client;
    http::router api;
    api.use(http::tracing());
    api.get("/through", ask_far{&client, std::string{neighbour} + "/far"});
    return cohort::serve(argc, argv, api);
}
