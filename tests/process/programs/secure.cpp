// Serves TLS. Environment: CERTIFICATE and KEY, PEM files.
#include <cohort/cohort.hpp>
#include <cohort/http/tls/facts.hpp>

#include <cstdlib>
#include <string>

#include <unistd.h>

namespace http = cohort::http;

namespace {

std::string variable(const char* name)
{
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

int main(int argc, char** argv)
{
    http::router api;
    api.get("/who", [](const http::request& of) {
        const auto* const tls = of.attached<http::tls::secured>();
        const std::string through = tls == nullptr ? "plain" : std::string{(*tls)->version};
        return http::text(std::to_string(::getpid()) + ' ' + through + '\n');
    });
    cohort::serve_options options;
    if (const std::string certificate = variable("CERTIFICATE"); !certificate.empty()) {
        options.tls.emplace();
        options.tls->certificates.push_back({certificate, variable("KEY")});
    }
    return cohort::serve(argc, argv, api, std::move(options));
}
