#include <cohort/cli/project.hpp>

#include <utility>

namespace cohort::cli {

namespace {

constexpr std::string_view cmake_lists = R"(cmake_minimum_required(VERSION 3.25)
project(@name@ LANGUAGES CXX)

find_package(cohort @version@ REQUIRED)

add_executable(@name@ main.cpp)
target_link_libraries(@name@ PRIVATE cohort::cohort)
target_compile_options(@name@ PRIVATE -Wall -Wextra)

enable_testing()
add_executable(api_test api_test.cpp)
target_link_libraries(api_test PRIVATE cohort::cohort)
add_test(NAME api COMMAND api_test)
)";

constexpr std::string_view api_header = R"(#pragma once

@include@ <cohort/cohort.hpp>

#include <string>

/// All routes of @name@: main() serves them, and the test asks them.
inline cohort::http::router make_api()
{
    namespace http = cohort::http;
    http::router api;

    // The first one is outermost: ids, then a line in the log for each request, refused ones too;
    // 503 before work begins when too much is under way; the header fields that browsers want to
    // hear; no forms from other sites.
    api.use(http::request_ids());
    api.use(http::access_log());
    api.use(http::shed());
    api.use(http::helmet());
    api.use(http::csrf());

    api.get("/", [](const http::request&) { return http::text("Hello from @name@\n"); });

    api.get("/hello/{name}", [](const http::request& request) {
        return http::text("Hello, " + request.path<std::string>("name") + "\n");
    });

    // Who sends connections here looks elsewhere as soon as the stop has begun. They know an
    // address and no name, and speak no TLS: http::secure() lets them pass by two of these notes.
    // By the others a check is never refused for want of room, nor logged unless it fails.
    const auto ready = [](const http::request&) {
        const cohort::worker* const self = cohort::current_worker();
        return self != nullptr && self->stopping() ? http::text("stopping\n", 503)
                                                   : http::text("ok\n");
    };
    api.get("/ready", ready,
            {.notes = {http::any_host_too{}, http::plain_http_too{}, http::never_shed{},
                       http::quiet{}}});

    return api;
}
)";

constexpr std::string_view main_source = R"(#include "api.hpp"

int main(int argc, char** argv)
{
    cohort::http::router api = make_api();
    return cohort::serve(argc, argv, api);
}
)";

constexpr std::string_view test_source = R"(#include "api.hpp"

@include@ <cohort/testing.hpp>

#include <cstdio>
#include <string>

/// Straight into the routes: no socket, no process.
int main()
{
    cohort::http::router api = make_api();
    cohort::testing::test_app app{api};
    int failures = 0;
    const auto expect = [&](const std::string& path, const std::string& body) {
        const auto got = app.get(path);
        if (got.status() != 200 || got.body() != body) {
            std::fprintf(stderr, "%s answered \"%s\"\n", path.c_str(), got.body().c_str());
            ++failures;
        }
    };
    expect("/", "Hello from @name@\n");
    expect("/hello/world", "Hello, world\n");
    expect("/ready", "ok\n");
    return failures;
}
)";

constexpr std::string_view config =
    R"(# cohort run starts this; cohort check says what is wrong with it.
[app.@name@]
exec    = "build/@name@"
listen  = ["127.0.0.1:8080"]
workers = "auto"

[app.@name@.stop]
timeout = "30s"
)";

constexpr std::string_view docker_file =
    R"(# docker build -t @name@ . && docker run -p 8080:8080 @name@
FROM debian:12 AS build
# The package of Cohort lies beside this file: ./dev package makes it.
COPY libcohort-dev_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends \
        build-essential cmake ninja-build /tmp/libcohort-dev_*.deb \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build \
    && ctest --test-dir build --output-on-failure

FROM debian:12-slim
# What Cohort is linked with. Your own libraries belong here, too: see readelf -d build/@name@.
RUN apt-get update && apt-get install -y --no-install-recommends \
        libboost-json1.81.0 libbrotli1 libfmt9 libhiredis0.14 libnghttp2-14 libre2-9 libssl3 \
        libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/*
# As in the tree: cohort.toml says build/@name@.
WORKDIR /srv
COPY --from=build /src/build/@name@ build/@name@
COPY cohort.toml .
USER nobody
EXPOSE 8080
# Process 1 reaps, forwards signals and drains; as many workers as the container has processors.
# Its address is not the file's: a container is reached from outside.
ENTRYPOINT ["/srv/build/@name@", "--config", "cohort.toml", "--bind", "0.0.0.0:8080"]
)";

constexpr std::string_view docker_ignore = R"(build
.git
.github
kubernetes.yaml
)";

constexpr std::string_view kubernetes = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: @dns@
spec:
  replicas: 2
  selector:
    matchLabels: {app: @dns@}
  template:
    metadata:
      labels: {app: @dns@}
    spec:
      # Longer than stop.timeout and the 5 s for which it serves on after TERM.
      terminationGracePeriodSeconds: 40
      securityContext: {runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534}
      containers:
        - name: @dns@
          image: @dns@:latest
          ports: [{containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /ready, port: 8080}
            periodSeconds: 2
          # Workers that hang are replaced within; this is for when nobody answers any more.
          livenessProbe:
            httpGet: {path: /ready, port: 8080}
            periodSeconds: 10
            failureThreshold: 6
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: "1", memory: 128Mi}
            limits: {cpu: "2", memory: 512Mi}
---
apiVersion: v1
kind: Service
metadata:
  name: @dns@
spec:
  selector: {app: @dns@}
  ports: [{port: 80, targetPort: 8080}]
)";

constexpr std::string_view workflow = R"(name: build
on: [push, pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    container: debian:12
    steps:
      - uses: actions/checkout@v4
      # The package of Cohort is expected in the tree: ./dev package makes it.
      - run: >
          apt-get update && apt-get install -y --no-install-recommends
          build-essential cmake ninja-build ./libcohort-dev_*.deb
      - run: cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build
      - run: ctest --test-dir build --output-on-failure
)";

constexpr std::string_view read_me = R"(# @name@

Cohort @version@ must be installed: its packages libcohort-dev (for the build) and cohort (the
command), or `cmake --install` of its tree.

    cmake -G Ninja -B build && cmake --build build
    ctest --test-dir build --output-on-failure
    cohort run                         # in the foreground, as cohort.toml says
    curl http://127.0.0.1:8080/hello/you

In the background: `cohort start`, then `cohort ls`, `cohort logs -f`, `cohort scale 4`,
`cohort stop`.
)";

constexpr std::string_view git_ignore = R"(build/
)";

std::string filled(std::string_view form, std::string_view name, std::string_view version)
{
    // Kubernetes takes no '_' and no capitals.
    std::string dns;
    for (const char c : name) {
        if (c >= 'A' && c <= 'Z')
            dns += static_cast<char>(c - 'A' + 'a');
        else
            dns += c == '_' ? '-' : c;
    }
    std::string text{form};
    const auto put = [&text](std::string_view mark, std::string_view words) {
        for (auto at = text.find(mark); at != std::string::npos;
             at = text.find(mark, at + words.size()))
            text.replace(at, mark.size(), words);
    };
    put("@include@", "#include");  // our own rules read these lines, too
    put("@name@", name);
    put("@dns@", dns);
    put("@version@", version);
    return text;
}

}  // namespace

std::vector<project_file> new_project(std::string_view name, std::string_view version)
{
    constexpr std::pair<const char*, std::string_view> forms[] = {
        {"CMakeLists.txt", cmake_lists},
        {"api.hpp", api_header},
        {"main.cpp", main_source},
        {"api_test.cpp", test_source},
        {"cohort.toml", config},
        {"Dockerfile", docker_file},
        {".dockerignore", docker_ignore},
        {"kubernetes.yaml", kubernetes},
        {".github/workflows/build.yaml", workflow},
        {"README.md", read_me},
        {".gitignore", git_ignore},
    };
    std::vector<project_file> all;
    for (const auto& [path, form] : forms)
        all.push_back({.path = path, .text = filled(form, name, version)});
    return all;
}

}  // namespace cohort::cli
