"""Starts a command of this package with the Python that scripts/setup installs packages into. It needs no packages itself."""

import importlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".toolchain" / "venv"


def run(module: str) -> None:
    """Runs `main` of a module of this package, and ends the process with its exit code: 2 if it refuses, with the reason on standard output."""
    python = VENV / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(python, [str(python), *sys.argv])
    try:
        command, settings, progress = (importlib.import_module(name) for name in (module, "history.settings", "history.progress"))
    except ModuleNotFoundError as error:
        sys.exit(f"the Python package {error.name} is missing: run scripts/setup, or pip install -r requirements.txt")
    try:
        code = command.main()
        sys.stdout.flush()
    except settings.Refused as refusal:
        progress.say(f"{Path(sys.argv[0]).stem}: {refusal}")
        code = 2
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read the output has seen enough. What is left in its buffer would be complained of at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)
