"""What all parts of ./bench need: run a command and say what it cost, medians with spread, versions. Measures nothing itself."""

import glob
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "benches/peers"
RELEASE = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PROGRAM = RELEASE / "sememe"


class Skip(Exception):
    """A part, or a piece of one, that cannot be measured here; says why."""


def bench(name):
    """The newest program built from benches/NAME.rs."""
    built = [path for path in glob.glob(str(RELEASE / f"deps/{name}-*")) if "." not in os.path.basename(path)]
    if not built:
        raise Skip(f"the bench {name} is not built")
    return max(built, key=os.path.getmtime)


def need(*packages):
    for package in packages:
        if version(package) is None:
            raise Skip(f"{package} is not installed")


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def cost(command, **environment):
    """Runs a command: seconds of the clock and of the processors, peak memory in MB, and what it printed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **environment}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        out.seek(0), err.seek(0)
        if status:
            raise Skip(f"{pathlib.Path(str(command[0])).name} failed: {err.read().decode(errors='replace').strip()[-300:]}")
        printed = out.read().decode(errors="replace")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024, "printed": printed}


def last_json(printed):
    return json.loads(printed.strip().splitlines()[-1])


def spread(values):
    """Median, least, most, and all of them as measured."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "all": list(values)}


def ratios(ours, theirs):
    """Of pairs measured one after the other: how many times as much the other takes."""
    return spread([their / our for our, their in zip(ours, theirs)])


def exponent(points):
    """Least squares of log y over log x: the exponent, and the factor."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    mean_x, mean_y = (statistics.mean(column) for column in zip(*logs))
    squares = sum((x - mean_x) ** 2 for x, _ in logs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in logs) / squares
    return slope, math.exp(mean_y - slope * mean_x)


def machine():
    info = pathlib.Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line] if info.exists() else []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(), "memory_gb": round(memory, 1),
            "system": f"{platform.system()} {platform.release()}", "load_at_start": round(os.getloadavg()[0], 2)}


def versions():
    def said(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return None

    packages = ["numpy", "gensim", "torch", "hnswlib", "faiss-cpu", "usearch", "tantivy", "bm25s"]
    listed = {"sememe": said(PROGRAM, "--version"), "commit": said("git", "rev-parse", "--short=12", "HEAD"),
              "rustc": said("rustc", "--version"), "python": sys.version.split()[0]}
    return {**listed, **{name: version(name) for name in packages}}
