# Sourced by ./dev: the documentation.
dev_docs() { python3 tools/docs.py "$@"; }
