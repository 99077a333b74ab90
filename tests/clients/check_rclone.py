"""rclone: parts of 5 MiB up, a multipart copy on the server, a range, down again, and its cleanup."""

import json

import common
from common import MIB
from signed import Client

PART = 5 * MIB
SIZE = 3 * PART + 98_765
BUCKET = "rclone-check"


def version():
    return common.find("rclone")[1]


def run(bench):
    program = common.find("rclone")[0]
    env = {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_BOX_TYPE": "s3",
        "RCLONE_CONFIG_BOX_PROVIDER": "AWS",
        "RCLONE_CONFIG_BOX_ENDPOINT": bench.server.endpoint,
        "RCLONE_CONFIG_BOX_REGION": common.REGION,
        "RCLONE_CONFIG_BOX_ACCESS_KEY_ID": bench.server.access_key,
        "RCLONE_CONFIG_BOX_SECRET_ACCESS_KEY": bench.server.secret_key,
        "RCLONE_CONFIG_BOX_FORCE_PATH_STYLE": "true",
        "RCLONE_CONFIG_BOX_UPLOAD_CUTOFF": "5M",
        "RCLONE_CONFIG_BOX_CHUNK_SIZE": "5M",
        "RCLONE_CONFIG_BOX_COPY_CUTOFF": "5M",
        "RCLONE_LOW_LEVEL_RETRIES": "1",
        "RCLONE_RETRIES": "1",
    }

    def rclone(*words, binary=False):
        return bench.command(program, *words, binary=binary, env=env)

    content = common.data("rclone", SIZE)
    source = common.write(bench.path("source"), content)
    etag = common.etag_of(common.cut(content, PART)).strip('"')
    rclone("mkdir", f"box:{BUCKET}")
    rclone("copyto", source, f"box:{BUCKET}/up/a +b%", "--metadata")
    rclone("copyto", f"box:{BUCKET}/up/a +b%", f"box:{BUCKET}/copy")
    rclone("copyto", f"box:{BUCKET}/copy", bench.path("down"))
    bench.same_file("copyto, down", bench.path("down"), content)
    rclone("check", bench.dir, f"box:{BUCKET}", "--include", "/copy", "--one-way", "--download")
    for key in ("up/a +b%", "copy"):
        seen = json.loads(rclone("lsjson", "--stat", f"box:{BUCKET}/{key}"))
        bench.check(f"{key}: size", seen["Size"], SIZE)
        bench.check(f"{key}: ETag", server_etag(bench, key), f'"{etag}"')
    first, count = PART - 1000, 2_000_000
    got = rclone("cat", "--offset", str(first), "--count", str(count), f"box:{BUCKET}/copy", binary=True)
    bench.same_bytes("cat --offset --count", got, content[first:first + count])

    left = Client(bench.server).start_with_one_part(BUCKET, "left over", b"left over")
    going = json.loads(rclone("backend", "list-multipart-uploads", f"box:{BUCKET}"))[BUCKET]
    bench.check("list-multipart-uploads", [u["UploadId"] for u in going], [left])
    rclone("backend", "cleanup", f"box:{BUCKET}", "-o", "max-age=0s")
    going = json.loads(rclone("backend", "list-multipart-uploads", f"box:{BUCKET}"))[BUCKET]
    bench.check("uploads after cleanup", going or [], [])


def server_etag(bench, key):
    return Client(bench.server).head(BUCKET, key)["etag"]
