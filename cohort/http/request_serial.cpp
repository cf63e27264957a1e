#include <cohort/http/request_serial.hpp>

#include <atomic>

namespace cohort::http {

namespace {

std::atomic<bool> somebody_wants{false};

}  // namespace

void request_serial::want() noexcept { somebody_wants.store(true, std::memory_order_relaxed); }

bool request_serial::wanted() noexcept { return somebody_wants.load(std::memory_order_relaxed); }

}  // namespace cohort::http
