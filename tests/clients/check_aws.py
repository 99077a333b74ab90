"""The AWS command line: `s3 cp` in all three directions, the plain operations of `s3api`, and a presigned URL."""

import json
import shutil
import urllib.request

import common
from common import MIB

PART = 8 * MIB
SIZE = PART + 1_234_567
BUCKET = "aws-check"


def version():
    return common.find("aws")[1]


def run(bench):
    aws = common.find("aws")[0]

    def s3(*words):
        return bench.command(aws, "--endpoint-url", bench.server.endpoint, "s3", *words)

    def api(operation, *words, **named):
        named = [x for name, value in named.items() for x in (f"--{name.replace('_', '-')}", str(value))]
        said = bench.command(
            aws, "--endpoint-url", bench.server.endpoint, "--output", "json", "s3api", operation, "--bucket", BUCKET, *words, *named
        )
        return json.loads(said) if said.strip() else {}

    api("create-bucket")
    managed(bench, s3, api)
    by_hand(bench, api)


def managed(bench, s3, api):
    content = common.data("aws", SIZE)
    source = common.write(bench.path("source"), content)
    etag = common.etag_of(common.cut(content, PART))
    s3("cp", "--no-progress", source, f"s3://{BUCKET}/up")
    s3("cp", "--no-progress", f"s3://{BUCKET}/up", f"s3://{BUCKET}/copy")
    s3("cp", "--no-progress", f"s3://{BUCKET}/copy", bench.path("down"))
    bench.same_file("s3 cp down", bench.path("down"), content)
    for key in ("up", "copy"):
        head = api("head-object", key=key, part_number=2)
        bench.check(f"{key}: ETag", head["ETag"], etag)
        bench.check(f"{key}: length of part 2", head["ContentLength"], SIZE - PART)
        bench.check(f"{key}: number of parts", head["PartsCount"], 2)
    api("get-object", bench.path("range"), key="copy", range="bytes=8388600-8388700")
    bench.same_file("get-object --range", bench.path("range"), content[8388600:8388701])
    api("get-object", bench.path("part"), key="copy", part_number=1)
    bench.same_file("get-object --part-number", bench.path("part"), content[:PART])

    url = s3("presign", f"s3://{BUCKET}/copy", "--expires-in", "60").strip()
    bench.true("presigned with signature version 4", "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url)
    curl = shutil.which("curl")
    if curl:
        got = bench.command(curl, "--silent", "--fail", "--noproxy", "*", "--max-time", "20", url, binary=True)
    else:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
            got = answer.read()
    bench.same_bytes("presigned URL", got, content)


def by_hand(bench, api):
    first, last = common.data("aws 1", 5 * MIB), common.data("aws 2", 777)
    upload = {"key": "by/hand", "upload_id": api("create-multipart-upload", key="by/hand", tagging="kind=hand")["UploadId"]}
    one = api("upload-part", part_number=1, body=common.write(bench.path("first"), first), **upload)
    api("put-object", key="small", body=common.write(bench.path("last"), b"####" + last))
    two = api(
        "upload-part-copy", part_number=2, copy_source=f"{BUCKET}/small", copy_source_range=f"bytes=4-{3 + len(last)}", **upload
    )["CopyPartResult"]
    bench.check("upload-part: ETag", one["ETag"], common.md5(first))
    bench.check("upload-part-copy: ETag", two["ETag"], common.md5(last))
    listed = api("list-parts", **upload)["Parts"]
    bench.check("list-parts", [(p["PartNumber"], p["Size"]) for p in listed], [(1, len(first)), (2, len(last))])
    going = api("list-multipart-uploads")["Uploads"]
    bench.check("list-multipart-uploads", [(u["Key"], u["UploadId"]) for u in going], [("by/hand", upload["upload_id"])])
    wanted = {"Parts": [{"PartNumber": 1, "ETag": one["ETag"]}, {"PartNumber": 2, "ETag": two["ETag"]}]}
    done = api("complete-multipart-upload", multipart_upload=json.dumps(wanted), **upload)
    bench.check("complete-multipart-upload: ETag", done["ETag"], common.etag_of([first, last]))
    tags = api("get-object-tagging", key="by/hand")["TagSet"]
    bench.check("tags given to create", tags, [{"Key": "kind", "Value": "hand"}])

    left = {"key": "left", "upload_id": api("create-multipart-upload", key="left")["UploadId"]}
    api("abort-multipart-upload", **left)
    bench.check("uploads left", api("list-multipart-uploads").get("Uploads", []), [])
