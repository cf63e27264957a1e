# Sourced by ./dev: configure, build, run, test.

# configure <preset> [definitions...]: only when there is no build tree, or one that lacks a
# definition; afterwards ninja reruns CMake by itself when that is needed.
configure() {
    local preset=$1 definition pair
    shift
    if [ -e "build/$preset/build.ninja" ]; then
        for definition in "$@"; do
            pair=${definition#-D}
            grep -q "^${pair%%=*}:[A-Z]*=${pair#*=}\$" "build/$preset/CMakeCache.txt" || break
            shift
        done
        [ $# -gt 0 ] || return 0
    fi
    say "configuring $preset"
    cmake --preset "$preset" "$@" >"build/.configure.log" 2>&1 || {
        cat build/.configure.log >&2
        give_up "cmake --preset $preset failed"
    }
}

# make <preset> [targets...]: ninja, quiet when there is nothing to do.
make_targets() {
    local preset=$1
    shift
    mkdir -p build
    ninja -C "build/$preset" -j "$jobs" --quiet "$@"
}

readonly everything=(-DCOHORT_TESTS=ON -DCOHORT_EXAMPLES=ON -DCOHORT_BENCH=ON)

dev_build() {
    need base test
    mkdir -p build
    configure Release "${everything[@]}"
    make_targets Release "$@"
}

dev_run() {
    local example=02_fibonacci
    if [ $# -gt 0 ] && [[ $1 != -* ]]; then
        example=$1
        shift
    fi
    [ -d "examples/$example" ] ||
        give_up "no example \`$example\`; there are: $(cd examples && echo [0-9]*/)"

    need base
    mkdir -p build
    # A first run does not wait for tests and benchmarks; `./dev build` adds them to the same tree.
    if [ ! -e build/Release/build.ninja ]; then
        configure Release -DCOHORT_TESTS=OFF -DCOHORT_BENCH=OFF
        say "building $example"
    fi
    make_targets Release "$example"

    if [ $# -eq 0 ]; then
        set -- --listen 127.0.0.1:3000
        say "$example on http://127.0.0.1:3000/, Ctrl-C stops it"
    else
        say "$example $*"
    fi
    exec "build/Release/examples/$example/$example" "$@"
}

dev_test() {
    need base test
    mkdir -p build
    configure Release "${everything[@]}"
    build_for_tests Release "$@"
    run_ctest Release "$@"
}

# build_for_tests <preset> [ctest arguments...]: who asks for the unit tests alone (`-L unit`) does
# not wait for the other programs, each of which is linked with all of the library.
build_for_tests() {
    local preset=$1 targets=()
    shift
    [[ " $* " != *" -L unit "* ]] || targets=(unit_tests)
    make_targets "$preset" "${targets[@]}"
}

# Two at once: most tests wait for processes and timers, and those that measure time ask ctest
# to run alone (RUN_SERIAL).
run_ctest() {
    local preset=$1
    shift
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j 2 "$@"
}

# sanitized <preset> [ctest arguments...]: the tests of such a build, and what its runtime found.
#
# A process that is killed on purpose, or whose output nobody reads, takes what a sanitizer says of
# it along; so each writes its findings into a file, and one finding is enough to fail. A crash is
# none: tests crash programs on purpose, and notice those that they did not mean.
sanitized() {
    local preset=$1 status=0 findings
    shift
    mkdir -p build
    configure "$preset" -DCOHORT_BENCH=OFF
    build_for_tests "$preset" "$@"
    findings=$PWD/build/$preset/findings
    rm -rf "$findings"
    # Workers may run as nobody.
    mkdir -m 1777 "$findings"
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:log_path=$findings/asan:${ASAN_OPTIONS:-} \
        UBSAN_OPTIONS=print_stacktrace=1:log_path=$findings/ubsan:${UBSAN_OPTIONS:-} \
        TSAN_OPTIONS=second_deadlock_stack=1:log_path=$findings/tsan:${TSAN_OPTIONS:-} \
        run_ctest "$preset" "$@" || status=1
    local kinds='WARNING: ThreadSanitizer: |ERROR: (Leak|Address)Sanitizer: |runtime error: '
    local crashes='AddressSanitizer: (SEGV|BUS|ILL|FPE|ABRT|TRAP) '
    local said
    mapfile -t said < <(grep -rE "$kinds" "$findings" | grep -vE "$crashes")
    if [ ${#said[@]} -gt 0 ]; then
        head -n 60 "${said[0]%%:*}"
        printf '%s\n' "${said[@]#"$findings/"}"
        say "the first in full; the others are in $findings"
        status=1
    fi
    return "$status"
}

dev_asan() {
    need base test
    sanitized Sanitize "$@"
}

dev_tsan() {
    need base test
    sanitized Thread "$@"
}

# A server dies at every fault point in turn. Only this build has them.
dev_faults() {
    need base test
    mkdir -p build
    configure Faults
    make_targets Faults fault_walk_test
    build/Faults/tests/fault/fault_walk_test "$@"
}

dev_clang() {
    need base test fuzz
    mkdir -p build
    configure Clang
    make_targets Clang "$@"
}

dev_package() {
    need base package
    mkdir -p build
    configure Release
    make_targets Release cohort cohort_command cohort_texts
    (cd build/Release && cpack -G DEB)
}
