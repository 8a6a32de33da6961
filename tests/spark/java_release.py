"""The Java that Spark runs on: python -m tests.spark.java_release says what is wrong with it, if anything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

LEAST_RELEASE = 17


def java_problem() -> str:
    """Why Spark cannot run on the Java of this machine, and what to do; empty where it can."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    wanted = f"The tests on Spark need Java {LEAST_RELEASE} or later"
    advice = "install one (such as openjdk-17-jre-headless), or name it in JAVA_HOME"
    if java is None:
        where = f"in JAVA_HOME ({home})" if home else "on the PATH"
        return f"{wanted}, and there is none {where}: {advice}."
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None:
        return f"{wanted}, and {java} does not say which it is: {advice}."
    if int(found[1]) < LEAST_RELEASE:
        return f"{wanted}, and {java} is Java {found[1]}: {advice}."
    return ""


if __name__ == "__main__":
    sys.exit(java_problem() or 0)
