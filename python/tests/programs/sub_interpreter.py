"""A second interpreter in the process."""

import sys

from egoi_verify import generate_code

if sys.version_info >= (3, 13):
    import _interpreters as interpreters  # type: ignore[import-not-found]

    made = [interpreters.create(), interpreters.create("legacy")]
else:
    import _xxsubinterpreters as interpreters  # type: ignore[import-not-found]

    made = [interpreters.create(), interpreters.create(isolated=False)]

TRY = """
import sys
sys.path[:] = {path!r}
try:
    import egoi_verify
except ImportError as error:
    print("WSGIApplicationGroup %{{GLOBAL}}" in str(error), flush=True)
"""
for interpreter in made:
    failed = interpreters.run_string(interpreter, TRY.format(path=sys.path))
    assert failed is None, failed
    interpreters.destroy(interpreter)
print(len(generate_code()))
