"""The copy of a 20 GB object that keeps its ETag, in plain boto3 and nothing of this project.

HEAD of part 1 tells the part size and, by Content-Range, the size of the object; the tags are read and given to
CreateMultipartUpload; every part is copied by its range; and the copy must end with the source's ETag.

Usage: run by `tests/clients/run`, or by hand against any S3 that has the source:

    AWS_ENDPOINT_URL=http://127.0.0.1:9000 python3 original_workflow.py lessons dataset-20gb.tar scratch copy.tar
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

SIZE = 20_277_918_669
PART = 8_388_608
PARTS = 2_418


def size_and_part_size(s3, bucket, key):
    """The first part's length and the whole size, both from one Content-Range."""
    head = s3.head_object(Bucket=bucket, Key=key, PartNumber=1)
    unit, _, rest = head["ResponseMetadata"]["HTTPHeaders"]["content-range"].partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    assert unit == "bytes" and first == "0", head
    return int(total), int(last) + 1, head["PartsCount"], head["ETag"]


def ranges(size, part):
    """Zero-based and inclusive, as x-amz-copy-source-range wants them."""
    return [f"bytes={at}-{min(at + part, size) - 1}" for at in range(0, size, part)]


def copy(s3, source, target, threads=16):
    """Returns the ETag of the source, the ETag of the copy, and the number of parts."""
    size, part, count, etag = size_and_part_size(s3, *source)
    tags = s3.get_object_tagging(Bucket=source[0], Key=source[1])["TagSet"]
    bucket, key = target
    upload = s3.create_multipart_upload(
        Bucket=bucket, Key=key, Tagging=urlencode({tag["Key"]: tag["Value"] for tag in tags})
    )["UploadId"]

    def one(numbered):
        number, span = numbered
        answer = s3.upload_part_copy(
            Bucket=bucket,
            Key=key,
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": source[0], "Key": source[1]},
            CopySourceRange=span,
        )
        return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

    spans = ranges(size, part)
    assert len(spans) == count, (len(spans), count)
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(one, enumerate(spans, 1)))
    done = s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
    return etag, done["ETag"], len(parts)


def version():
    import check_boto3

    return check_boto3.version()


def run(bench):
    import check_boto3

    os.environ.update(bench.env)
    s3 = check_boto3.client(bench.server)
    source, target = ("lessons", "dataset-20gb.tar"), ("scratch", "copy-of-dataset-20gb.tar")
    bench.check("ranges", [ranges(SIZE, PART)[i] for i in (0, 1, -1)], [
        "bytes=0-8388607",
        "bytes=8388608-16777215",
        "bytes=20275265536-20277918668",
    ])
    bench.check("size, part size, parts", size_and_part_size(s3, *source)[:3], (SIZE, PART, PARTS))
    before, after, count = copy(s3, source, target)
    bench.check("number of parts", count, PARTS)
    bench.check("ETag of the copy", after, before)
    bench.true("ETag tells the number of parts", before.endswith(f'-{PARTS}"'))
    bench.check("size of the copy", s3.head_object(Bucket=target[0], Key=target[1])["ContentLength"], SIZE)
    tags = [s3.get_object_tagging(Bucket=b, Key=k)["TagSet"] for b, k in (source, target)]
    bench.true("the source has tags", tags[0])
    in_order = [sorted(some, key=lambda tag: tag["Key"]) for some in tags]
    bench.check("tags of the copy", in_order[1], in_order[0])
    for span in ("bytes=0-65535", "bytes=20277900000-20277918668"):
        there, here = (s3.get_object(Bucket=b, Key=k, Range=span)["Body"].read() for b, k in (source, target))
        bench.same_bytes(f"{span} of the copy", here, there)


if __name__ == "__main__":
    import boto3

    if len(sys.argv) != 5:
        sys.exit(__doc__)
    before, after, count = copy(boto3.client("s3"), tuple(sys.argv[1:3]), tuple(sys.argv[3:5]))
    print(f"{count} parts, source {before}, copy {after}")
    sys.exit(0 if before == after else 1)
