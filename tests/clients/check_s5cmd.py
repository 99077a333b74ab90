"""s5cmd: parts of 5 MiB up, CopyObject on the server, ranges down in parallel, and out through a pipe."""

import common
from common import MIB
from signed import Client

PART = 5 * MIB
SIZE = 3 * PART + 31
BUCKET = "s5cmd-check"


def version():
    return common.find("s5cmd")[1]


def run(bench):
    program = common.find("s5cmd")[0]

    def s5cmd(*words, binary=False):
        return bench.command(
            program, "--endpoint-url", bench.server.endpoint, "--retry-count", "1", *words, binary=binary
        )

    content = common.data("s5cmd", SIZE)
    source = common.write(bench.path("source"), content)
    s3 = Client(bench.server)
    s5cmd("mb", f"s3://{BUCKET}")
    s5cmd("cp", "--part-size", "5", "--concurrency", "3", source, f"s3://{BUCKET}/up")
    s5cmd("cp", f"s3://{BUCKET}/up", f"s3://{BUCKET}/copy")
    s5cmd("cp", "--part-size", "5", "--concurrency", "3", f"s3://{BUCKET}/copy", bench.path("down"))
    bench.same_file("cp down", bench.path("down"), content)
    bench.same_bytes("cat", s5cmd("cat", f"s3://{BUCKET}/up", binary=True), content)
    bench.check("up: ETag", s3.head(BUCKET, "up")["etag"], common.etag_of(common.cut(content, PART)))
    bench.check("copy: ETag", s3.head(BUCKET, "copy")["etag"], common.md5(content))
    names = [line.split()[-1] for line in s5cmd("ls", f"s3://{BUCKET}/*").splitlines()]
    bench.check("ls", sorted(names), ["copy", "up"])
    s5cmd("rm", f"s3://{BUCKET}/*")
    bench.check("uploads left", s3.uploads(BUCKET), [])
