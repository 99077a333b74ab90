#!/usr/bin/env python3
"""partscope copy beside boto3's and the AWS CLI's: CPU, wall time and memory of whole commands that copy one object in
many parts, inside a server on this machine.

Usage:

    cargo build --release --locked
    cargo bench --locked --bench copying --no-run
    benches/copy_beside_others.py --tools DIR           # DIR is what tests/clients/install made

Two servers take the calls, each a process of its own that is not in the figures: the trivial server of the bench
copying, which answers at once what a copy needs, and `partscope serve`, which signs, checks and keeps everything. The
commands take turns, so that what else happens on the machine meets all of them, and a ratio is one of the same round. Of
every command its own user and system time, wall time and greatest resident set are taken (wait4), start included. The
object must come out with the ETag that its parts give, or the script ends with an error. What is not installed is said.

Nothing leaves 127.0.0.1, and nothing of the user's AWS settings is read.
"""

import argparse
import glob
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PART = 8 << 20
HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = ("SANDBOXACCESSKEY0000", "sandbox-secret-key-not-for-aws")
SECONDS = 300

BOTO3 = """
import sys, boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
endpoint, source, destination, at_once = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"},
                      max_pool_connections=int(at_once)))
(from_bucket, from_key), (bucket, key) = source.split("/", 1), destination.split("/", 1)
client.copy({"Bucket": from_bucket, "Key": from_key}, bucket, key, Config=TransferConfig(
    multipart_threshold=%d, multipart_chunksize=%d, max_concurrency=int(at_once)))
""" % (PART, PART)

AWS_CONFIG = """[default]
s3 =
    addressing_style = path
    preferred_transfer_client = classic
    multipart_threshold = 8MB
    multipart_chunksize = 8MB
    max_concurrent_requests = %d
"""


class Command:
    """One way, with what was measured of it."""

    def __init__(self, name, argv, more=None):
        self.name, self.argv, self.more = name, argv, more or {}
        self.cpu, self.wall, self.memory = [], [], []

    def round(self, environment):
        began = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**environment, **self.more},
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            # Popen must not wait for what was waited for.
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if process.returncode != 0:
            sys.exit(f"{self.name}: exit {process.returncode}\n{text[-800:]}")
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        self.wall.append(wall)
        self.memory.append(usage.ru_maxrss / 1024)


class Server:
    """A server that is ended with the script."""

    def __init__(self, argv, pattern):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        text = ""
        while not (found := re.search(pattern, text, re.M)):
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"{argv[0]} did not begin to serve: {text}")
            text += line
        self.endpoint = found[1] if found[1].startswith("http") else f"http://127.0.0.1:{found[1]}"

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def bench_of_copying():
    built = [path for path in glob.glob(os.path.join(HERE, "../target/release/deps/copying-*")) if os.access(path, os.X_OK)]
    return max(built, key=os.path.getmtime) if built else None


def tool(name, directories):
    return next((path for path in (shutil.which(name, path=d) for d in [*directories, os.environ["PATH"]]) if path), None)


def first_line(argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().split("\n")[0]


def commands(binary, tools, endpoint, source, destination, at_once, root):
    """Every way that is here, and the names of those that are not."""
    def ours(many):
        argv = [binary, "copy", "--endpoint-url", endpoint, "--path-style", "--part-size", "8MiB", "--concurrency",
                str(many), f"s3://{source}", f"s3://{destination}"]
        return Command(f"partscope copy, {many} at once", argv)

    here, missing = [ours(at_once), ours(64)], []
    python = tool("python3", tools)
    if subprocess.run([python, "-c", "import boto3"], capture_output=True, check=False).returncode == 0:
        argv = [python, "-c", BOTO3, endpoint, source, destination, str(at_once)]
        here.append(Command(f"boto3 copy, {at_once} at once", argv))
    else:
        missing.append("boto3")
    if aws := tool("aws", tools):
        config = os.path.join(root, "config")
        with open(config, "w") as file:
            file.write(AWS_CONFIG % at_once)
        argv = [aws, "--endpoint-url", endpoint, "s3", "cp", "--no-progress", f"s3://{source}", f"s3://{destination}"]
        here.append(Command(f"aws s3 cp, {at_once} at once", argv, {"AWS_CONFIG_FILE": config}))
    else:
        missing.append("aws")
    return here, missing


def environment(root):
    mine = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
    nothing = os.path.join(root, "nothing")
    return {
        **mine,
        "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def table(title, rows, parts):
    base = rows[0]
    print(f"\n{title}")
    print(f"  {'':30}{'CPU/part':>12}{'wall s':>9}{'parts/s':>9}{'peak MiB':>10}{'CPU ratio':>11}{'(min to max)':>18}{'wall ratio':>12}")
    for row in rows:
        cpu = [c / b for b, c in zip(base.cpu, row.cpu)]
        wall = statistics.median(c / b for b, c in zip(base.wall, row.wall))
        took = statistics.median(row.wall)
        print(
            f"  {row.name:30}{statistics.median(row.cpu) / parts * 1e6:>9.0f} us{took:>9.2f}{parts / took:>9.0f}"
            f"{max(row.memory):>10.0f}{statistics.median(cpu):>11.2f}{f'({min(cpu):.2f} to {max(cpu):.2f})':>18}{wall:>12.2f}"
        )


def measure(server, title, binary, wanted, source, destination, parts, root, known):
    rows, missing = commands(binary, wanted.tools, server.endpoint, source, destination, wanted.at_once, root)
    settings = environment(root)
    for name in missing:
        print(f"missing  {name}: not installed here, or not in --tools")
    for _ in range(wanted.rounds):
        for row in rows:
            row.round(settings)
            if known:
                check(binary, server.endpoint, destination, known, settings, row.name)
    table(f"{title}: {parts} parts, {wanted.rounds} rounds; a ratio is to the first row, less is better", rows, parts)


def check(binary, endpoint, destination, known, settings, name):
    argv = [binary, "inspect", "--endpoint-url", endpoint, "--path-style", "--json", f"s3://{destination}"]
    told = subprocess.run(argv, capture_output=True, text=True, env=settings, timeout=SECONDS, check=False)
    if known not in told.stdout:
        sys.exit(f"{name} made something without the ETag {known}:\n{told.stdout[-400:]}{told.stderr[-400:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--partscope", metavar="PATH", default=os.path.join(HERE, "..", "target/release/partscope"))
    parser.add_argument("--server", metavar="PATH", help="the bench copying [default: the newest in target/release]")
    parser.add_argument("--parts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=10, help="calls under way at once [default: 10, as theirs is]")
    parser.add_argument("--tools", metavar="DIR", action="append", default=[], help="where else to look for tools")
    wanted = parser.parse_args()
    binary, trivial = os.path.abspath(wanted.partscope), wanted.server or bench_of_copying()
    if not os.access(binary, os.X_OK):
        parser.error(f"{binary} is not a program; build it with cargo build --release, or name it with --partscope")
    if not trivial:
        parser.error("the bench copying is not built: cargo bench --bench copying --no-run, or name it with --server")
    if not 1 <= wanted.parts <= 10_000 or wanted.rounds < 1 or not 1 <= wanted.at_once <= 256:
        parser.error("--parts is 1 to 10000, --rounds at least 1, --at-once 1 to 256")
    python = tool("python3", wanted.tools)
    print(f"tools    {first_line([binary, '--version'])}; {first_line([tool('aws', wanted.tools) or 'false', '--version'])}")
    print(f"         boto3 {first_line([python, '-c', 'import boto3; print(boto3.__version__)'])}, {first_line([python, '--version'])}")
    print(f"load     before: {os.getloadavg()[0]:.2f}")
    root = tempfile.mkdtemp(prefix="copy-beside-others-")
    servers = []
    try:
        servers.append(Server([trivial, "serve", "0", str(wanted.parts)], r"^(\d+)$"))
        measure(servers[0], "Trivial server", binary, wanted, "b/source", "b/copy", wanted.parts, root, None)
        servers.append(Server([binary, "serve"], r"endpoint +(\S+)(?s:.*)^ready$"))
        # An object of 2 418 parts of 8 MiB; a copy in its own parts has its ETag.
        source, etag = "lessons/dataset-20gb.tar", None
        argv = [binary, "inspect", "--endpoint-url", servers[1].endpoint, "--path-style", "--json", f"s3://{source}"]
        told = subprocess.run(argv, capture_output=True, text=True, env=environment(root), timeout=SECONDS, check=False)
        if found := re.search(r"[0-9a-f]{32}-2418", told.stdout):
            etag = found[0]
        else:
            sys.exit(f"partscope serve has no {source} of 2418 parts:\n{told.stdout[-400:]}{told.stderr[-400:]}")
        measure(servers[1], "partscope serve", binary, wanted, source, "scratch/copy", 2418, root, etag)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)
    print(f"\nload     after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
