// Serves TLS. Environment: CERTIFICATE and KEY, PEM files; PROXY, who must speak its protocol.
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
    api.get("/peer", [](const http::request& of) { return http::text(of.peer().text()); });
    cohort::serve_options options;
    if (const std::string certificate = variable("CERTIFICATE"); !certificate.empty()) {
        options.tls.emplace();
        options.tls->certificates.push_back({certificate, variable("KEY")});
    }
    if (const std::string proxy = variable("PROXY"); !proxy.empty())
        options.proxy_protocol = http::proxy_door_options{.proxies = {proxy}};
    return cohort::serve(argc, argv, api, std::move(options));
}
