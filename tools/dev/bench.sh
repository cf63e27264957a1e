# Sourced by ./dev: measurements. Each is a program bench/<name>/run that prints a table, and
# writes it to bench/results/ with the machine named.
dev_bench() {
    local name=${1:-}
    if [ -z "$name" ]; then
        say "which? all, or one of: $(cd bench && echo */run | sed 's,/run,,g')"
        return 1
    fi
    shift
    need base test bench
    mkdir -p build
    configure Release "${everything[@]}"
    # CMake has looked for peers that came only now.
    [ build/Release/build.ninja -nt build/.packages/base-test-bench ] ||
        cmake build/Release >build/.configure.log 2>&1 || give_up "see build/.configure.log"
    make_targets Release
    if [ "$name" = all ]; then
        for run in bench/*/run; do
            name=$(basename "$(dirname "$run")")
            "$run" --json "bench/results/$name.json" "$@"
        done
        return
    fi
    [ -x "bench/$name/run" ] || give_up "no bench \`$name\`"
    exec "bench/$name/run" --json "bench/results/$name.json" "$@"
}
