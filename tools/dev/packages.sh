# Sourced by ./dev: which Debian packages each verb needs, and how they come here.

packages_base=(build-essential cmake ninja-build ccache pkg-config
    libboost1.81-dev libboost-system1.81-dev libboost-json1.81-dev
    libfmt-dev libtomlplusplus-dev libcli11-dev libssl-dev
    libnghttp2-dev libre2-dev zlib1g-dev libbrotli-dev libzstd-dev libhiredis-dev)
packages_test=(doctest-dev chromium chromium-driver node-llhttp python3 gunicorn nginx-light
    redis-server nghttp2-client libsqlite3-dev prometheus tmux)
packages_lint=(clang-19 clang-format-19 clang-tidy-19 cppcheck python3 git)
packages_fuzz=(clang-19 libclang-rt-19-dev llvm-19)
packages_bench=(wrk gunicorn nginx-light haproxy librestinio-dev libspdlog-dev prometheus-cpp-dev
    python3)
# Node from elsewhere (nodesource, nvm) will do, and Debian's npm would refuse to stand beside it.
command -v npm >/dev/null || { packages_bench+=(nodejs npm); packages_test+=(npm); }
command -v node >/dev/null || packages_test+=(nodejs)
packages_package=(dpkg-dev file)

# need <set>...: installs what is missing of these sets.
#
# A stamp keeps the usual case, nothing missing, below a millisecond: it holds as long as dpkg's
# database has not changed and the lists above have not either.
need() {
    local name stamp wanted=()
    stamp="build/.packages/$(IFS=-; echo "$*")"
    if [ -e "$stamp" ] && [ "$stamp" -nt /var/lib/dpkg/status ] &&
        [ "$stamp" -nt tools/dev/packages.sh ]; then
        return
    fi
    command -v dpkg-query >/dev/null ||
        give_up "no dpkg here: install what docs/dependencies.md lists, then use cmake and ctest"

    for name in "$@"; do
        local -n set_of="packages_$name"
        wanted+=("${set_of[@]}")
    done
    local missing
    missing=$(missing_packages "${wanted[@]}")
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # one word a package is what we want
        install_packages $missing
    fi
    mkdir -p build/.packages
    touch "$stamp"
}

missing_packages() {
    local package installed
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
        awk '$1 == "ii" {print $2}') || true
    for package in "$@"; do
        grep -qxF "$package" <<<"$installed" || echo "$package"
    done | sort -u
}

install_packages() {
    [ -z "${COHORT_NO_INSTALL:-}" ] || give_up "missing Debian packages: $*"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            give_up "missing Debian packages, and no sudo to install them: $*"
        say "installing needs root: sudo will ask for your password"
        as_root=(sudo)
    fi
    say "installing $*"
    [[ " $* " != *" nginx-light "* ]] || keep_quiet nginx "${as_root[@]}"
    [[ " $* " != *" redis-server "* ]] || keep_quiet redis-server "${as_root[@]}"
    [[ " $* " != *" prometheus "* ]] || keep_quiet prometheus "${as_root[@]}"
    [[ " $* " != *" haproxy "* ]] || keep_quiet haproxy "${as_root[@]}"
    # An index from last month names packages that the mirror no longer has; so ask apt first
    # whether it knows them all, and fetch a new index only if it does not, or if that fails.
    if ! apt-get install --simulate --no-install-recommends "$@" >/dev/null 2>&1 ||
        ! apt_install "${as_root[@]}" -- "$@"; then
        "${as_root[@]}" apt-get update -q
        apt_install "${as_root[@]}" -- "$@"
    fi
}

apt_install() {
    local as_root=()
    while [ "$1" != -- ]; do
        as_root+=("$1")
        shift
    done
    shift
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"
}

# keep_quiet <service>: we want the program to measure against, not a web server on port 80 from now
# on. Debian starts a service the moment its package is configured, unless its unit is masked; undo
# with `systemctl unmask <service>`.
keep_quiet() {
    local unit=/etc/systemd/system/$1.service
    shift
    [ -e "$unit" ] || [ -L "$unit" ] || {
        say "masking $(basename "$unit"): it is installed to be measured, not to run"
        "$@" mkdir -p "$(dirname "$unit")"
        "$@" ln -s /dev/null "$unit"
    }
    local policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || {
        # For machines without systemd; taken away again when ./dev ends.
        printf '#!/bin/sh\nexit 101\n' | "$@" tee "$policy" >/dev/null
        "$@" chmod +x "$policy"
        # shellcheck disable=SC2064 # the words of today are what is meant
        trap "$* rm -f $policy" EXIT
    }
}
