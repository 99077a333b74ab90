#!/usr/bin/env python3
"""partscope etag beside other ways to compute an ETag or an MD5: CPU, wall time and memory of whole commands.

Usage:

    cargo build --release --locked
    benches/etag_beside_others.py                       # makes a file of 2 GiB in TMPDIR
    benches/etag_beside_others.py --rounds 9 --file FILE --tools DIR --tools OTHER/bin

The commands take turns (A B C ... A B C ...), so that what else happens on the machine meets all of them, and a ratio is
one of the same round. Of every command its own user and system time, wall time and greatest resident set are taken
(wait4). All that print an ETag must print the same one, or the script ends with an error. What is not installed is said.

Public tools are looked for in PATH and in the directories named by --tools: the crate s3etag, the PyPI package s3etag,
copyrite, s3md5 (bash).

The resident set of a command begins with what the process that starts it holds: "<" marks what is not above that. Pages
of a mapped file count as resident although the page cache holds them anyway.
"""

import argparse
import hashlib
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MIB = 1 << 20
PART = 8 * MIB
# Small, because what this process holds is the least that can be measured of another's memory.
PIECE = MIB // 8
SIXTEEN = [5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 25, 32, 50, 64, 80, 100]
KERNELS = ["portable", "neon", "avx2", "avx512"]
TAG = re.compile(r"\b[0-9a-f]{32}-\d{1,5}\b")
SUM = re.compile(r"\b[0-9a-f]{32}\b(?!-)")

HASHLIB = """
import hashlib, sys
outer, parts = hashlib.md5(), 0
with open(sys.argv[1], "rb", buffering=0) as file:
    while part := file.read(%d):
        outer.update(hashlib.md5(part).digest())
        parts += 1
print(f"{outer.hexdigest()}-{parts}")
""" % PART

BASH = """
set -euo pipefail
parts=$(( ($(stat -c %%s "$1") + %d - 1) / %d ))
for ((i = 0; i < parts; i++)); do
    dd if="$1" bs=%d skip=$i count=1 status=none | md5sum | cut -c 1-32
done | xxd -r -p | md5sum | sed "s/ .*/-$parts/"
""" % (PART, PART, PART)


class Command:
    """One way, with what was measured of it."""

    def __init__(self, name, argv, prints, piped=False, cleanup=None, group="one"):
        self.name = name
        self.argv = argv
        # A pattern that every result is found by; None checks nothing.
        self.prints = prints
        self.piped = piped
        self.cleanup = cleanup
        self.group = group
        self.cpu, self.wall, self.memory, self.results, self.from_disk = [], [], [], [], 0

    def round(self, file):
        with tempfile.TemporaryFile() as output:
            feeder, stdin = None, subprocess.DEVNULL
            began = time.monotonic()
            if self.piped:
                feeder = subprocess.Popen(["cat", file], stdout=subprocess.PIPE)
                stdin = feeder.stdout
            process = subprocess.Popen(self.argv, stdin=stdin, stdout=output, stderr=subprocess.STDOUT)
            if feeder:
                feeder.stdout.close()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            # Popen must not wait for what was waited for.
            process.returncode = os.waitstatus_to_exitcode(status)
            if feeder:
                feeder.wait()
            output.seek(0)
            text = output.read().decode(errors="replace")
        if process.returncode != 0:
            sys.exit(f"{self.name}: exit {process.returncode}\n{text[-600:]}")
        if self.cleanup:
            text += self.cleanup()
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        self.wall.append(wall)
        self.memory.append(usage.ru_maxrss / 1024)
        self.from_disk += usage.ru_inblock
        found = self.prints.findall(text) if self.prints else []
        if self.prints and not found:
            sys.exit(f"{self.name} printed no result:\n{text[-600:]}")
        self.results = found


def make(directory, mib):
    """A file without two equal parts, in the page cache because it was just written."""
    handle, path = tempfile.mkstemp(prefix="etag-beside-others-", dir=directory)
    with os.fdopen(handle, "wb", buffering=0) as file:
        for _ in range(mib * MIB // PIECE):
            file.write(os.urandom(PIECE))
    return path


def read_once(path):
    """Reads a file, so that it is in the page cache, and answers its ETag and MD5 by hashlib."""
    whole, outer, parts = hashlib.md5(), hashlib.md5(), 0
    inner, taken = hashlib.md5(), 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(min(PIECE, PART - taken)):
            whole.update(piece)
            inner.update(piece)
            taken += len(piece)
            if taken == PART:
                outer.update(inner.digest())
                inner, taken, parts = hashlib.md5(), 0, parts + 1
    if taken or not parts:
        outer.update(inner.digest())
        parts += 1
    return f"{outer.hexdigest()}-{parts}", whole.hexdigest()


def first_line(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def ours(binary, file):
    """partscope, by threads, kernels and part sizes; and the kernels this machine lacks."""

    def etag(name, *options, source=file, prints=TAG, piped=False, group="one"):
        return Command(name, [binary, "etag", *options, source], prints, piped, group=group)

    commands, missing = [], []
    for threads, words in ("1", "1 thread"), ("2", "2 threads"):
        commands.append(etag(f"partscope, {words}", "--part-size", "8MiB", "--threads", threads))
    for kernel in KERNELS:
        probe = subprocess.run([binary, "etag", "--md5", kernel, "/dev/null"], capture_output=True, check=False)
        if probe.returncode != 0:
            missing.append(f"partscope --md5 {kernel}: this machine lacks the instructions")
            continue
        options = ["--part-size", "8MiB", "--threads", "1", "--md5", kernel]
        commands.append(etag(f"partscope --md5 {kernel}, 1 thread", *options))
    commands.append(etag("partscope, MD5 of the whole", "--threads", "1", prints=SUM))
    sixteen = [word for size in SIXTEEN for word in ("--part-size", f"{size}MiB")]
    for threads, words in ("1", "1 thread"), ("2", "2 threads"):
        commands.append(etag(f"partscope, 16 sizes, {words}", *sixteen, "--threads", threads, group="many"))
    for name, sizes in ("1 size", ["--part-size", "8MiB"]), ("16 sizes", sixteen):
        commands.append(etag(f"partscope, {name}, pipe", *sizes, source="-", piped=True, group="pipe"))
    return commands, missing


def anywhere(name, directories):
    """Every program of this name in PATH and in the directories."""
    found = []
    for path in [*directories, *os.environ.get("PATH", "").split(os.pathsep)]:
        program = os.path.join(path, name)
        if os.access(program, os.X_OK) and os.path.isfile(program):
            found.append(program)
    return found


def is_script(program):
    with open(program, "rb") as file:
        return file.read(2) == b"#!"


def others(file, directories):
    """What everybody has, and the public tools that are here; and what is not."""
    commands, missing = [], []

    def add(name, program, *argv, prints=TAG, **more):
        if program:
            commands.append(Command(name, [program, *argv], prints, **more))
        else:
            missing.append(name)

    add("openssl md5 (whole)", shutil.which("openssl"), "md5", file, prints=SUM)
    add("md5sum (whole)", shutil.which("md5sum"), file, prints=SUM)
    add("Python hashlib, 8 MiB parts", sys.executable, "-c", HASHLIB, file)
    bash = all(shutil.which(tool) for tool in ("bash", "dd", "md5sum", "xxd")) and shutil.which("bash")
    add("bash: dd and md5sum for each part", bash, "-c", BASH, "bash", file)
    s3etag = anywhere("s3etag", directories)
    crate = next((program for program in s3etag if not is_script(program)), None)
    package = next((program for program in s3etag if is_script(program)), None)
    add("s3etag (crate)", crate, "-c", "8", file)
    add("s3etag (PyPI)", package, "--chunksize", "8MB", file)
    add("copyrite", next(iter(anywhere("copyrite", directories)), None), "generate", "-c", "md5-aws-8mib", file)
    add("s3md5 (bash)", next(iter(anywhere("s3md5", directories)), None), "8", file)
    return commands, missing




def machine(binary):
    """What the figures depend on."""
    with open("/proc/cpuinfo") as text:
        cpu = text.read()
    model = re.search(r"^model name\s*: (.*)$", cpu, re.M)
    flags = set((re.search(r"^(?:flags|Features)\s*: (.*)$", cpu, re.M) or ["", ""])[1].split())
    features = [flag for flag in ("avx2", "avx512f", "avx512vl", "sha_ni", "asimd", "sha2") if flag in flags]
    print(f"CPU      {model[1] if model else platform.machine()}, {os.cpu_count()} cores, {' '.join(features)}")
    print(f"system   {platform.system()} {platform.release()}")
    print(f"tools    {first_line(['openssl', 'version'])}; {first_line(['md5sum', '--version'])}")
    print(f"         Python {platform.python_version()}; {first_line([binary, '--version'])}")


def check(commands, tag, md5):
    """All results are the same, and the ones hashlib computes in this process."""
    for command in commands:
        wanted = [md5] if command.prints is SUM else [tag]
        results = command.results
        if command.prints is TAG and len(set(results)) > 1:
            at = SIXTEEN.index(8)
            many = next(c.results for c in commands if c.group == "many")
            if len(results) != len(SIXTEEN) or results != many:
                sys.exit(f"{command.name} printed {results}, another {many}")
            results = results[at : at + 1]
        if sorted(set(results)) != wanted:
            sys.exit(f"{command.name} printed {results}, not {wanted}")


def table(title, commands, base, floor, times=1):
    """Medians, and how many times less CPU and wall time than `times` runs of the base."""
    print(f"\n{title}")
    print(f"  {'':34}{'CPU s':>9}{'wall s':>9}{'peak MiB':>10}{'CPU ratio':>11}{'(min to max)':>18}{'wall ratio':>12}")
    for command in commands:
        cpu = [times * b / c for b, c in zip(base.cpu, command.cpu)]
        wall = statistics.median(times * b / c for b, c in zip(base.wall, command.wall))
        peak = max(command.memory)
        memory = f"< {floor:.0f}" if peak <= floor * 1.05 else f"{peak:.0f}"
        print(
            f"  {command.name:34}{statistics.median(command.cpu):>9.3f}{statistics.median(command.wall):>9.3f}"
            f"{memory:>10}{statistics.median(cpu):>11.2f}{f'({min(cpu):.2f} to {max(cpu):.2f})':>18}{wall:>12.2f}"
        )


def report(commands, floor):
    group = {name: [c for c in commands if c.group == name] for name in ("one", "many", "pipe")}
    base = next((c for c in commands if c.name.startswith("openssl")), commands[-1])
    table(f"One ETag of parts of 8 MiB; ratios to {base.name}, more is better", group["one"], base, floor)
    print("  A row with (whole) or \"of the whole\" computes one MD5 of all bytes, which is no multipart ETag.")
    title = f"Sixteen part sizes in one command; ratios to 16 runs of {base.name} (one is measured, times 16)"
    table(title, group["many"], base, floor, 16)
    if group["pipe"]:
        title = "Over a pipe; ratios to one size over a pipe; what feeds the pipe is not counted as CPU"
        table(title, group["pipe"], group["pipe"][0], floor)
    read = [f"{c.name}: {c.from_disk}" for c in commands if c.from_disk]
    print(f"\nBlocks read from a disk: {'; '.join(read) or 'none, all from the page cache'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--partscope", metavar="PATH", default=os.path.join(here, "..", "target/release/partscope"))
    parser.add_argument("--file", metavar="PATH", help="a file to hash [default: one is made in TMPDIR]")
    parser.add_argument("--mib", type=int, default=2048, help="size of the file that is made [default: 2048]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", metavar="DIR", action="append", default=[], help="where else to look for tools")
    wanted = parser.parse_args()
    binary = os.path.abspath(wanted.partscope)
    if not os.access(binary, os.X_OK):
        parser.error(f"{binary} is not a program; build it with cargo build --release, or name it with --partscope")
    if wanted.rounds < 1 or wanted.mib < 1:
        parser.error("--rounds and --mib must be at least 1")
    file = os.path.abspath(wanted.file) if wanted.file else make(None, wanted.mib)
    try:
        run(binary, file, wanted)
    finally:
        if not wanted.file:
            os.unlink(file)


def run(binary, file, wanted):
    tag, md5 = read_once(file)
    mine, lacking = ours(binary, file)
    theirs, missing = others(file, wanted.tools)
    commands = mine + theirs
    machine(binary)
    print(f"file     {os.path.getsize(file)} bytes, {tag}")
    print(f"rounds   {wanted.rounds}; load before: {os.getloadavg()[0]:.2f}")
    for text in lacking:
        print(f"missing  {text}")
    for text in missing:
        print(f"missing  {text}: not installed here, or not in --tools")
    floor = Command("floor", [shutil.which("true") or "/bin/true"], None)
    floor.round(file)
    for _ in range(wanted.rounds):
        for command in commands:
            command.round(file)
        check(commands, tag, md5)
    print(f"load     after: {os.getloadavg()[0]:.2f}")
    report(commands, floor.memory[0])


if __name__ == "__main__":
    main()
