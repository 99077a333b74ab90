#!/usr/bin/env python3
"""partscope's sandbox beside moto's server: parts copied per second, upload throughput, memory.

Usage:

    tests/clients/install DIR && DIR/bin/pip install 'moto[server,s3]==5.2.5'
    cargo build --release --locked
    benches/beside_moto.py --moto DIR/bin/moto_server target/release/partscope

Both servers run at once and take turns: a round is one server's upload and copy and then the other's, and every other
round begins with the other one, so that what else happens on the machine meets both. One client drives both: signed
HTTP from the standard library, kept connections where the server keeps them, the same number of threads, payloads not
hashed by the client. A round

1. uploads a source in parts (UploadPart, MiB/s),
2. copies it part by part within the server (UploadPartCopy, parts/s) and completes,
3. checks that source and copy have the ETag that hashlib computes, and deletes both.

Memory is the server's resident set as Linux counts it: after the start, and the greatest there ever was.
The client costs time too, and both servers pay it: a fast server's true distance is greater than the one printed.
"""

import argparse
import hashlib
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "tests", "clients"))

import common  # noqa: E402
from common import MIB  # noqa: E402
from signed import Client  # noqa: E402

BUCKET = "beside"


class Moto:
    """moto's server on a free port."""

    def __init__(self, command, log):
        self.log = open(log, "w+b")
        self.process = subprocess.Popen(
            [command, "-H", "127.0.0.1", "-p", "0"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        self.access_key, self.secret_key = "beside", "beside-moto"
        self.host = self.wait_until_ready(60)

    def wait_until_ready(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            self.log.flush()
            with open(self.log.name, errors="replace") as log:
                found = re.search(r"Running on http://(127\.0\.0\.1:\d+)", log.read())
            if found:
                return found[1]
            select.select([], [], [], 0.1)
        self.stop()
        sys.exit("moto's server did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Side:
    """One server with what was measured of it."""

    def __init__(self, name, server, plan):
        self.name = name
        self.server = server
        self.plan = plan
        self.s3 = Client(server)
        self.s3.call("PUT", BUCKET)
        self.at_start = memory(server.process.pid, "VmRSS")
        self.upload, self.copy, self.complete = [], [], []

    def round(self):
        block, parts = self.plan.block, self.plan.parts
        source = self.begin("source")
        seconds, etags = self.send("source", source, lambda number: {"body": block, "sign_body": False})
        self.upload.append(parts * len(block) / MIB / seconds)
        made = [self.finish("source", source, etags)[1]]

        target = self.begin("copy")
        size = len(block)
        seconds, etags = self.send("copy", target, lambda number: {
            "headers": {
                "x-amz-copy-source": f"{BUCKET}/source",
                "x-amz-copy-source-range": f"bytes={(number - 1) * size}-{number * size - 1}",
            }
        })
        self.copy.append(parts / seconds)
        seconds, etag = self.finish("copy", target, etags)
        self.complete.append(seconds)
        if made + [etag] != [self.plan.etag] * 2:
            sys.exit(f"{self.name}: ETags {made + [etag]}, not {self.plan.etag}")
        for key in ("source", "copy"):
            self.s3.call("DELETE", BUCKET, key)

    def begin(self, key):
        text = self.s3.call("POST", BUCKET, key, query=[("uploads", "")])[2].decode()
        return re.search(r"<UploadId>([^<]+)</UploadId>", text)[1]

    def send(self, key, upload, what):
        """All parts by the pool's threads; the seconds it took, and the ETags in order."""

        def one(number):
            query = [("partNumber", str(number)), ("uploadId", upload)]
            _, headers, body = self.s3.call("PUT", BUCKET, key, query=query, **what(number))
            if "etag" in headers:
                return headers["etag"].strip('"')
            return re.search(r"<ETag>(?:&quot;|&#34;|\")?([0-9a-f]{32})", body.decode())[1]

        began = time.monotonic()
        etags = list(self.plan.pool.map(one, range(1, self.plan.parts + 1)))
        return time.monotonic() - began, etags

    def finish(self, key, upload, etags):
        parts = "".join(
            f'<Part><PartNumber>{n}</PartNumber><ETag>"{etag}"</ETag></Part>' for n, etag in enumerate(etags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        began = time.monotonic()
        text = self.s3.call("POST", BUCKET, key, query=[("uploadId", upload)], body=body)[2].decode()
        found = re.search(r"<ETag>(?:&quot;|&#34;|\")?([0-9a-f]{32}-\d+)", text)
        if not found:
            sys.exit(f"{self.name}: Complete answered {text[:300]}")
        return time.monotonic() - began, found[1]


class Plan:
    def __init__(self, wanted):
        self.parts = wanted.parts
        self.block = common.data("beside", wanted.part_mib * MIB)
        digest = hashlib.md5(self.block).digest()
        self.etag = f"{hashlib.md5(digest * wanted.parts).hexdigest()}-{wanted.parts}"
        self.pool = ThreadPoolExecutor(wanted.concurrency)


def memory(pid, field):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB", status.read(), re.M)[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moto", metavar="COMMAND", default="moto_server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--part-mib", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("binary")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    plan = Plan(wanted)
    with tempfile.TemporaryDirectory(prefix="beside-moto-") as root:
        ours = common.Server(os.path.abspath(wanted.binary), os.path.join(root, "partscope.log"))
        try:
            theirs = Moto(wanted.moto, os.path.join(root, "moto.log"))
            try:
                sides = [Side("partscope", ours, plan), Side("moto", theirs, plan)]
                print(
                    f"{wanted.rounds} rounds, {wanted.parts} parts of {wanted.part_mib} MiB,"
                    f" {wanted.concurrency} at a time, {os.cpu_count()} cores"
                )
                for number in range(wanted.rounds):
                    for side in sides if number % 2 == 0 else sides[::-1]:
                        side.round()
                report(sides)
            finally:
                theirs.stop()
        finally:
            ours.stop()
            plan.pool.shutdown()


def report(sides):
    rows = [
        ("UploadPart, MiB/s", lambda side: side.upload, True),
        ("UploadPartCopy, parts/s", lambda side: side.copy, True),
        ("Complete, ms", lambda side: [1000 * s for s in side.complete], False),
    ]
    print(f"\n{'median (min to max)':26}{sides[0].name:>26}{sides[1].name:>26}{'ratio (of rounds)':>28}")
    for name, values, more_is_better in rows:
        columns = [values(side) for side in sides]
        ratios = [a / b if more_is_better else b / a for a, b in zip(*columns)]
        cells = [f"{statistics.median(c):.1f} ({min(c):.1f} to {max(c):.1f})" for c in columns]
        ratio = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        print(f"{name:26}{cells[0]:>26}{cells[1]:>26}{ratio:>28}")
    for name, values in (
        ("memory after start, MiB", lambda side: side.at_start),
        ("memory, greatest, MiB", lambda side: memory(side.server.process.pid, "VmHWM")),
        ("memory at the end, MiB", lambda side: memory(side.server.process.pid, "VmRSS")),
    ):
        a, b = (values(side) for side in sides)
        print(f"{name:26}{a:>26.0f}{b:>26.0f}{b / a:>28.1f}")


if __name__ == "__main__":
    main()
