"""Packages from PyPI that tests read our files with: requirements.txt beside the tests.

    pypi.need()
    import junitparser

They are installed once per version of that file into a directory below the user's cache ($XDG_CACHE_HOME, else
~/.cache), and become importable. Where PyPI cannot be reached the case is a named skip.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import suite

REQUIREMENTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "requirements.txt")


def place():
    with open(REQUIREMENTS, "rb") as f:
        digest = hashlib.sha256(f.read() + sys.version.encode()).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "muster-tests", digest)


def install(target):
    """A virtual environment, built aside and moved into its place when it is whole."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    aside = tempfile.mkdtemp(prefix="new-", dir=os.path.dirname(target))
    try:
        made = subprocess.run([sys.executable, "-m", "venv", aside], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if made.returncode:
            raise suite.Skip("python3-venv is not installed")
        pip = [os.path.join(aside, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--require-hashes", "--only-binary", ":all:", "--no-deps", "--timeout", "15", "--retries", "2", "-r", REQUIREMENTS]
        done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=100)
        if "DO NOT MATCH" in done.stdout:
            raise AssertionError(f"packages are not what was pinned:\n{done.stdout}")
        if done.returncode:
            raise suite.Skip(f"PyPI cannot be reached: {(done.stdout.strip().splitlines() or ['pip failed'])[-1]}")
        try:
            os.rename(aside, target)
        except OSError:
            if not os.path.isdir(target):  # else the test beside this one was first
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def need():
    target = place()
    if not os.path.isdir(target):
        install(target)
    packages = glob.glob(os.path.join(target, "lib", "python*", "site-packages"))[0]
    if packages not in sys.path:
        sys.path.append(packages)
