# Sourced by ./dev: words that every verb uses.

# Compilers running at once. Asio makes one of them weigh about a gigabyte, so memory counts too.
jobs=$(nproc)
memory_gigabytes=$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
if [ "$jobs" -gt "$memory_gigabytes" ]; then
    jobs=$((memory_gigabytes > 0 ? memory_gigabytes : 1))
fi
readonly jobs

say() { printf 'dev: %s\n' "$*" >&2; }

give_up() {
    say "$*"
    exit 1
}

dev_help() {
    cat <<'END'
./dev run [example] [arguments...]   start an example (02_fibonacci on 127.0.0.1:3000)
./dev test [ctest arguments...]      build everything, run every test
./dev build [targets...]             build everything, or the targets named (Release)
./dev bench [name] [arguments...]    measure against peers; without a name, list what there is
./dev lint                           clang-format, clang-tidy, cppcheck, tools/tidy.py
./dev fmt                            let clang-format write
./dev fuzz [target] [seconds]        run one fuzz target, or all of them, 60 s each
./dev asan [ctest arguments...]      the tests under AddressSanitizer and UBSan
./dev tsan [ctest arguments...]      the tests under ThreadSanitizer
./dev faults [arguments...]          let a server die between any two steps of a request
./dev clang [targets...]             build with clang 19
./dev docs                           check the links and the programs in the documentation
./dev package                        make a .deb of the library

Missing Debian packages are installed on the way. COHORT_NO_INSTALL=1 forbids that.
END
}
