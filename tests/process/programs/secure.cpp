// Serves TLS. Environment: CERTIFICATE and KEY, PEM files; PROXY, who must speak its protocol.
#include <cohort/cohort.hpp>
#include <cohort/http/server.hpp>
#include <cohort/http/tls/facts.hpp>

#include <boost/json/object.hpp>

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
    const http::server* counted = nullptr;  // of this worker
    options.on_serving = [&](cohort::worker&, const cohort::serving& here) {
        counted = &here.server;
    };
    api.get("/counts", [&](const http::request&) {
        boost::json::object counts{{"connections", counted->connections()},
                                   {"clients", counted->clients().clients()},
                                   {"handshakes", counted->handshakes().done},
                                   {"resumed", counted->handshakes().resumed},
                                   {"handshakes_failed", counted->handshakes().failed},
                                   {"made_room", counted->made_room()},
                                   {"bodies_bytes", counted->bodies().bytes()}};
        for (const http::refusal_count& each : counted->refusals())
            counts[each.rule] = each.times;
        return http::json(std::move(counts));
    });
    if (const std::string certificate = variable("CERTIFICATE"); !certificate.empty()) {
        options.tls.emplace();
        options.tls->certificates.push_back({certificate, variable("KEY")});
    }
    if (const std::string proxy = variable("PROXY"); !proxy.empty())
        options.proxy_protocol = http::proxy_door_options{.proxies = {proxy}};
    return cohort::serve(argc, argv, api, std::move(options));
}
