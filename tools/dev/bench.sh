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
