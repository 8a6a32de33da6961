"""Where the programs of the environment that runs the tests are."""

import sys
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
RUFF = PROGRAMS / "ruff"
HADOLINT = PROGRAMS / "hadolint"
KUBERNETES_VALIDATE = PROGRAMS / "kubernetes-validate"
