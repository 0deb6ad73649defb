#!/usr/bin/env bash
# In a tree of another system: installs a wheel in an empty environment, runs the README's first example there, and the tests:
# `tools/platforms/inside-python.sh WHEEL FOLDER_OF_PACKAGES [PYTEST_ARGUMENT…]`.
set -euo pipefail
wheel=$1 packages=$PWD/$2
shift 2

"${EGOI_PYTHON:-python3}" -m venv /tmp/clean
/tmp/clean/bin/python -m pip install --quiet --no-index --no-deps "$wheel"
cat >/tmp/example.py <<'END'
import pathlib, re, sys
exec(re.search(r"```python\n(.*?)```", pathlib.Path(sys.argv[1]).read_text(), re.DOTALL)[1])
END
(cd /tmp && /tmp/clean/bin/python -W error example.py "$OLDPWD/python/README.md")
echo "$(uname -m), $(/tmp/clean/bin/python --version): the README's example ran"

echo "$packages" >"$(/tmp/clean/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/packages.pth"
export PATH=/tmp/clean/bin:$PATH PYTHONDONTWRITEBYTECODE=1
arguments=("$@")
test $# -gt 0 || arguments=(
  python/tests/test_{scenarios,faults,forks,closing,interpreters,vectors,mistakes,randomness,secrets,cancelling,asyncio,threads,client,engine,errors,egoi_sms,logging,panics,values,readme,sandbox}.py
)
exec python -m pytest -q -p no:cacheprovider -n 2 --dist loadgroup "${arguments[@]}"
