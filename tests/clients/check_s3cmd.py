"""s3cmd: parts of 5 MiB up, a copy on the server, down again, and its commands for uploads left over."""

import common
from common import MIB
from signed import Client

PART = 5 * MIB
SIZE = 3 * PART + 4_321
BUCKET = "s3cmd-check"


def version():
    return common.find("s3cmd")[1]


def run(bench):
    program = common.find("s3cmd")[0]
    config = common.write(bench.path("config"), b"[default]\nmultipart_copy_chunk_size_mb = 5\n")
    host = bench.server.host

    def s3cmd(*words):
        return bench.command(
            program, "--config", config, "--access_key", bench.server.access_key, "--secret_key", bench.server.secret_key,
            "--host", host, "--host-bucket", host, "--no-ssl", "--region", common.REGION, "--no-progress",
            "--multipart-chunk-size-mb=5", *words,
        )

    content = common.data("s3cmd", SIZE)
    source = common.write(bench.path("source"), content)
    etag = common.etag_of(common.cut(content, PART))
    s3cmd("mb", f"s3://{BUCKET}")
    s3cmd("put", source, f"s3://{BUCKET}/up")
    s3cmd("cp", f"s3://{BUCKET}/up", f"s3://{BUCKET}/copy")
    s3cmd("get", "--force", f"s3://{BUCKET}/copy", bench.path("down"))
    bench.same_file("get", bench.path("down"), content)
    s3 = Client(bench.server)
    for key in ("up", "copy"):
        bench.check(f"{key}: ETag", s3.head(BUCKET, key)["etag"], etag)
        bench.check(f"{key}: size", int(s3cmd("ls", f"s3://{BUCKET}/{key}").split()[2]), SIZE)

    # The second half of a download that was cut off: a GET with a range.
    common.write(bench.path("half"), content[:SIZE // 2])
    s3cmd("get", "--continue", f"s3://{BUCKET}/up", bench.path("half"))
    bench.same_file("get --continue", bench.path("half"), content)

    # s3cmd cleans up after itself, so the upload to find is begun by another program.
    left = s3.start_with_one_part(BUCKET, "left over", b"left over")
    said = s3cmd("multipart", f"s3://{BUCKET}")
    bench.true("multipart lists the upload", left in said and "left over" in said)
    said = s3cmd("listmp", f"s3://{BUCKET}/left over", left)
    bench.true("listmp lists its part", common.md5(b"left over") in said)
    s3cmd("abortmp", f"s3://{BUCKET}/left over", left)
    bench.true("abortmp removes it", left not in s3cmd("multipart", f"s3://{BUCKET}"))
