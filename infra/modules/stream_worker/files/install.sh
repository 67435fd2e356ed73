# host/release.tar.gz of the lake, as the first container has put it down -> /opt/crypto-bot/venv.
set -eu

cd /opt/crypto-bot
mkdir source
tar -xzf release.tar.gz -C source --no-same-owner
python -m venv venv
venv/bin/pip install --quiet --require-hashes --no-deps -r source/requirements.txt
venv/bin/pip install --quiet --no-deps --no-build-isolation --editable source
