#!/usr/bin/env bash
# Formatting, lints and types of all Python in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

export PATH=$PWD/python/.venv/bin:$PATH
ruff format --quiet --check --diff .
ruff check --quiet .
cd python
MYPYPATH=package mypy --strict --no-error-summary --python-version 3.10 package examples demo.py
