"""`python -m reportgen` is the command `reportgen`."""

import sys
from contextlib import suppress
from pathlib import Path

with suppress(OSError):  # the current folder may have been removed
    if not sys.flags.safe_path and sys.path and Path(sys.path[0]).samefile("."):
        sys.path.append(sys.path.pop(0))  # a logging.py in the current folder is no part of this program

from reportgen.cli import main

if __name__ == "__main__":
    main()
