// A program with the mistake that everybody makes once: it starts a thread before its workers.
#include <cohort/cohort.hpp>

#include <pthread.h>

#include <atomic>
#include <thread>

int main(int argc, char** argv)
{
    std::atomic<bool> named{false};
    std::atomic<bool> over{false};
    std::thread pool{[&] {
        ::pthread_setname_np(::pthread_self(), "pool-3");
        named = true;
        named.notify_all();
        over.wait(false);
    }};
    named.wait(false);
    cohort::http::router api;
    api.get("/", [](const cohort::http::request&) { return cohort::http::text("never"); });
    const int code = cohort::serve(argc, argv, api);
    over = true;
    over.notify_all();
    pool.join();
    return code;
}
