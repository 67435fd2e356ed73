#!/bin/bash
# host/release.tar.gz of the lake bucket -> ${home}/venv, with the packages and hashes of its lock.
set -euo pipefail

fresh=$(mktemp -d -p ${home})
trap 'rm -rf "$fresh"' EXIT
aws s3 cp --only-show-errors s3://${bucket}/host/release.tar.gz "$fresh/release.tar.gz"
mkdir "$fresh/source"
tar -xzf "$fresh/release.tar.gz" -C "$fresh/source" --no-same-owner

rm -rf ${home}/source
mv "$fresh/source" ${home}/source
python3.12 -m venv --clear ${home}/venv
${home}/venv/bin/pip install --quiet --require-hashes --no-deps -r ${home}/source/requirements.txt
# Editable, because app.py lies beside the package and not in it.
${home}/venv/bin/pip install --quiet --no-deps --no-build-isolation --editable ${home}/source
${home}/venv/bin/python -m compileall -q ${home}/source/crypto_bot
