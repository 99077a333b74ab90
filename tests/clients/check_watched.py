"""`serve --watch`: uploads and copies of boto3 and aws-cli appear as one session each, with all parts and the final ETag."""

import json
import os
import queue
import subprocess
import threading

import check_boto3
import common
from common import MIB

PART = 8 * MIB
SIZE = 5 * PART + 123_457
BUCKET = "watched"
PARTS = [PART] * 5 + [123_457]


class Watching:
    """A server of its own that prints JSON lines, read as they come."""

    def __init__(self, binary, log):
        self.log = open(log, "wb")
        self.process = subprocess.Popen(
            [binary, "serve", "--empty", "--watch", "--json", "--fault", "UploadPart part=3 slow-down"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.lines = queue.Queue()
        self.exchanges = []
        threading.Thread(target=self.read, daemon=True).start()
        ready = self.next()
        self.endpoint, self.access_key, self.secret_key = (ready[n] for n in ("endpoint", "access_key", "secret_key"))

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def next(self):
        line = self.lines.get(timeout=20)
        if line is None:
            raise common.Failed("the server ended")
        return json.loads(line)

    def session(self):
        """The next session that is over; the exchanges before it are kept."""
        while True:
            seen = self.next()
            if seen["type"] == "session":
                return seen
            self.exchanges.append(seen)

    def stop(self):
        """Ends the server; what it still prints."""
        self.process.terminate()
        self.process.wait(10)
        left = []
        while (line := self.lines.get(timeout=20)) is not None:
            left.append(json.loads(line))
        self.process.stdout.close()
        self.log.close()
        return left


def version():
    said = check_boto3.version()
    try:
        return f"{said}; {common.find('aws')[1]}"
    except common.Skip:
        return f"{said}; no aws"


def run(bench):
    watching = Watching(bench.server.binary, bench.path("server.log"))
    try:
        whole(bench, watching)
    finally:
        if watching.process.poll() is None:
            watching.process.kill()


def whole(bench, watching):
    bench.env.update(common.clean_environment(watching, bench.root))
    os.environ.update(bench.env)
    s3 = check_boto3.client(watching)
    s3.create_bucket(Bucket=BUCKET)
    content = common.data("watched", SIZE)
    source = common.write(bench.path("source"), content)
    etag = common.etag_of(common.cut(content, PART))

    s3.upload_file(source, BUCKET, "up", Config=check_boto3.settings())
    seen = watching.session()
    one_session(bench, "boto3 upload", seen, "Boto3/", "up", etag, again=1)
    bench.check("boto3 upload: attempts of part 3", seen["parts"][2]["attempts"], 2)
    tries = [e for e in watching.exchanges if e["part"] == 3]
    bench.check("boto3 upload: part 3", [(e["attempt"], e["status"]) for e in tries], [(1, 503), (2, 200)])
    bench.check("boto3 upload: one call", len({e["invocation"] for e in tries}), 1)

    s3.copy({"Bucket": BUCKET, "Key": "up"}, BUCKET, "copy", Config=check_boto3.settings())
    seen = watching.session()
    one_session(bench, "boto3 copy", seen, "Boto3/", "copy", etag)
    copied(bench, "boto3 copy", seen, "up")

    aws = uses_aws(bench, watching, source, etag)
    open_one(bench, s3)
    s3.head_bucket(Bucket=BUCKET)
    left = watching.stop()
    sessions = [line for line in left if line["type"] == "session"]
    bench.check("left open", [(s["key"], s["state"], s["over"]) for s in sessions], [("open", "open", False)])
    calls = {e["call"] for e in watching.exchanges + left if e["type"] == "exchange"}
    bench.true("calls of other kinds have their names", {"CreateBucket", "HeadBucket"} <= calls)
    bench.true("nothing broke off", all(e.get("whole", True) for e in watching.exchanges + left))
    bench.true("aws was tried or is not there", aws in (0, 2))


def uses_aws(bench, watching, source, etag):
    try:
        aws = common.find("aws")[0]
    except common.Skip:
        return 0
    for key, origin, agent in (("aws-up", source, "up"), ("aws-copy", f"s3://{BUCKET}/aws-up", "copy")):
        bench.command(aws, "--endpoint-url", watching.endpoint, "s3", "cp", "--no-progress", origin, f"s3://{BUCKET}/{key}")
        seen = watching.session()
        one_session(bench, f"aws {agent}", seen, "aws-cli/", key, etag)
    copied(bench, "aws copy", seen, "aws-up")
    return 2


def one_session(bench, what, seen, agent, key, etag, again=0):
    bench.true(f"{what}: client", seen["client"].startswith(agent))
    bench.check(f"{what}: object", (seen["bucket"], seen["key"]), (BUCKET, key))
    bench.check(f"{what}: ETag", seen["etag"], etag)
    bench.check(f"{what}: from its beginning", (seen["seen_from_create"], seen["over"]), (True, True))
    bench.check(f"{what}: parts", [(p["number"], p["size"], p["state"]) for p in seen["parts"]], [
        (number, size, "stored") for number, size in enumerate(PARTS, 1)
    ])
    bench.check(f"{what}: part size", (seen["part_size"], seen["stored"], seen["parts_named"]), (PART, SIZE, len(PARTS)))
    bench.check(f"{what}: attempts again", seen["attempts_again"], again)
    bench.true(f"{what}: at once", 1 <= seen["most_at_once"] <= 10)


def copied(bench, what, seen, source):
    bench.check(f"{what}: source", seen["source"], f"s3://{BUCKET}/{source}")
    bench.true(f"{what}: all parts copied", all(p["copied"] for p in seen["parts"]))
    bench.check(f"{what}: range of part 2", seen["parts"][1]["range"], f"bytes={PART}-{2 * PART - 1}")
    before = [(a["call"], a["key"]) for a in seen["around"] if a["when"] == "before"]
    bench.true(f"{what}: HEAD of the source before", ("HeadObject", source) in before)


def open_one(bench, s3):
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="open")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="open", UploadId=upload, PartNumber=2, Body=b"alone")
