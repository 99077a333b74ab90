"""boto3: managed uploads, copies and downloads with every checksum algorithm, and the plain operations."""

import base64
import os

import common
from common import MIB

PART = 8 * MIB
SIZE = 2 * PART + 123_457
BUCKET = "boto3-check"
ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")


def version():
    try:
        import boto3
        import botocore
    except ImportError:
        raise common.Skip("the Python module boto3 is not installed")
    try:
        import awscrt
        crt = f", awscrt {awscrt.__version__}"
    except ImportError:
        crt = ", no awscrt (CRC32C and CRC64NVME are left out)"
    return f"boto3 {boto3.__version__}, botocore {botocore.__version__}{crt}"


def client(server, **config):
    import boto3
    from botocore.config import Config

    return boto3.session.Session(
        aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key, region_name=common.REGION
    ).client(
        "s3",
        endpoint_url=server.endpoint,
        config=Config(
            s3={"addressing_style": "path"},
            signature_version="s3v4",
            proxies={},
            retries={"total_max_attempts": 2},
            max_pool_connections=32,
            connect_timeout=10,
            read_timeout=30,
            **config,
        ),
    )


def run(bench):
    os.environ.update(bench.env)
    s3 = client(bench.server)
    s3.create_bucket(Bucket=BUCKET)
    content = common.data("boto3", SIZE)
    source = common.write(bench.path("source"), content)
    parts = common.cut(content, PART)
    managed(bench, s3, source, content, parts)
    reads(bench, s3, content, parts)
    copies(bench, s3, content, parts)
    by_hand(bench, s3)


def settings():
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)


def managed(bench, s3, source, content, parts):
    """upload_file and download_file, by default, without default checksums, and with each algorithm."""
    quiet = client(bench.server, request_checksum_calculation="when_required", response_checksum_validation="when_required")
    rounds = [("default", s3, None), ("when_required", quiet, None)]
    rounds += [(name, s3, name) for name in ALGORITHMS if common.checksum(name, b"") is not None]
    for key, by, algorithm in rounds:
        extra = {"ChecksumAlgorithm": algorithm} if algorithm else None
        by.upload_file(source, BUCKET, key, ExtraArgs=extra, Config=settings())
        head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
        bench.check(f"{key}: ETag", head["ETag"], common.etag_of(parts))
        bench.check(f"{key}: length", head["ContentLength"], SIZE)
        held(bench, s3, key, head, algorithm or ("CRC64NVME" if key == "when_required" else "CRC32"), parts)
        target = bench.path("down")
        by.download_file(BUCKET, key, target, Config=settings())
        bench.same_file(f"{key}: download_file", target, content)


def held(bench, s3, key, head, algorithm, parts):
    """The checksum of the object and, where S3 keeps them, of its parts."""
    full = algorithm == "CRC64NVME"
    bench.check(f"{key}: checksum type", head.get("ChecksumType"), "FULL_OBJECT" if full else "COMPOSITE")
    if common.checksum(algorithm, b"") is None:
        return
    want = common.full_checksum(algorithm, parts) if full else common.composite_checksum(algorithm, parts)
    bench.check(f"{key}: checksum", head.get(f"Checksum{algorithm}"), want)
    known = s3.get_object_attributes(
        Bucket=BUCKET, Key=key, ObjectAttributes=["ETag", "Checksum", "ObjectParts", "ObjectSize"]
    )
    bench.check(f"{key}: attributes, ETag", known["ETag"], common.etag_of(parts).strip('"'))
    bench.check(f"{key}: attributes, size", known["ObjectSize"], SIZE)
    bench.check(f"{key}: attributes, count", known["ObjectParts"]["TotalPartsCount"], len(parts))
    bench.check(f"{key}: attributes, checksum", known["Checksum"][f"Checksum{algorithm}"], want.split("-")[0])
    listed = [(p["PartNumber"], p["Size"], p[f"Checksum{algorithm}"]) for p in known["ObjectParts"].get("Parts", [])]
    sums = [base64.b64encode(common.checksum(algorithm, part)).decode() for part in parts]
    wanted = [] if full else [(n, len(p), c) for n, (p, c) in enumerate(zip(parts, sums), 1)]
    bench.check(f"{key}: attributes, parts", listed, wanted)


def reads(bench, s3, content, parts):
    """Ranges and part numbers."""
    first, last = PART - 10, PART + 4_000_000
    answer = s3.get_object(Bucket=BUCKET, Key="default", Range=f"bytes={first}-{last}")
    bench.check("range: status", answer["ResponseMetadata"]["HTTPStatusCode"], 206)
    bench.check("range: Content-Range", answer["ContentRange"], f"bytes {first}-{last}/{SIZE}")
    bench.same_bytes("range: bytes", answer["Body"].read(), content[first:last + 1])
    for number, part in enumerate(parts, 1):
        head = s3.head_object(Bucket=BUCKET, Key="default", PartNumber=number)
        bench.check(f"part {number}: length", head["ContentLength"], len(part))
        bench.check(f"part {number}: count", head["PartsCount"], len(parts))
        answer = s3.get_object(Bucket=BUCKET, Key="default", PartNumber=number)
        bench.same_bytes(f"part {number}: bytes", answer["Body"].read(), part)
    refused(bench, "part beyond the last", "416", s3.head_object, Bucket=BUCKET, Key="default", PartNumber=len(parts) + 1)


def copies(bench, s3, content, parts):
    """The managed copy makes parts again; CopyObject makes one piece."""
    s3.put_object_tagging(Bucket=BUCKET, Key="SHA256", Tagging={"TagSet": [{"Key": "kind", "Value": "a b/+=@"}]})
    source = {"Bucket": BUCKET, "Key": "SHA256"}
    s3.copy(source, BUCKET, "copy", Config=settings(), ExtraArgs={"TaggingDirective": "COPY"})
    head = s3.head_object(Bucket=BUCKET, Key="copy")
    bench.check("copy: ETag", head["ETag"], common.etag_of(parts))
    tags = s3.get_object_tagging(Bucket=BUCKET, Key="copy")["TagSet"]
    import s3transfer

    # Earlier versions copy no tags, whatever they are told.
    if tuple(int(n) for n in s3transfer.__version__.split(".")[:2]) >= (0, 19):
        bench.check("copy: tags", tags, [{"Key": "kind", "Value": "a b/+=@"}])
    bench.same_bytes("copy: bytes", s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read(), content)
    done = s3.copy_object(CopySource=source, Bucket=BUCKET, Key="whole")["CopyObjectResult"]
    bench.check("CopyObject: ETag", done["ETag"], common.md5(content))
    bench.check("CopyObject: checksum type", done["ChecksumType"], "FULL_OBJECT")
    bench.check("CopyObject: checksum", done["ChecksumSHA256"], common.full_checksum("SHA256", parts))


def by_hand(bench, s3):
    """The seven operations one by one, with gaps, a part sent twice, pages of one, and an upload given up."""
    key = "by hand/ümläut +%"
    first, old, last = (common.data(name, size) for name, size in (("a", 5 * MIB), ("b", 5 * MIB), ("c", 1000)))
    name = {"Bucket": BUCKET, "Key": key}
    made = s3.create_multipart_upload(**name, Metadata={"owner": "someone"}, ContentType="text/x-parts", Tagging="a=1&b=")
    upload = {**name, "UploadId": made["UploadId"]}
    s3.upload_part(**upload, PartNumber=2, Body=old)
    one = s3.upload_part(**upload, PartNumber=2, Body=first)
    s3.put_object(Bucket=BUCKET, Key="small +%?", Body=b"0123456789" + last)
    two = s3.upload_part_copy(
        **upload, PartNumber=9, CopySource={"Bucket": BUCKET, "Key": "small +%?"}, CopySourceRange=f"bytes=10-{9 + len(last)}"
    )["CopyPartResult"]
    bench.check("UploadPart: ETag", one["ETag"], common.md5(first))
    bench.check("UploadPartCopy: ETag", two["ETag"], common.md5(last))

    pages = list(s3.get_paginator("list_parts").paginate(**upload, PaginationConfig={"PageSize": 1}))
    listed = [(p["PartNumber"], p["Size"], p["ETag"]) for page in pages for p in page.get("Parts", [])]
    bench.check("ListParts", listed, [(2, len(first), common.md5(first)), (9, len(last), common.md5(last))])
    going = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    bench.check("ListMultipartUploads", [(u["Key"], u["UploadId"]) for u in going], [(key, made["UploadId"])])

    wanted = [{"PartNumber": 2, "ETag": one["ETag"]}, {"PartNumber": 9, "ETag": two["ETag"]}]
    refused(
        bench, "Complete, wrong order", "InvalidPartOrder",
        s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": wanted[::-1]},
    )
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": wanted})
    bench.check("Complete: ETag", done["ETag"], common.etag_of([first, last]))
    again = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": wanted})
    bench.check("Complete again: ETag", again["ETag"], done["ETag"])
    refused(bench, "ListParts after Complete", "NoSuchUpload", s3.list_parts, **upload)
    got = s3.get_object(**name)
    bench.same_bytes("made by hand: bytes", got["Body"].read(), first + last)
    bench.check("made by hand: type", got["ContentType"], "text/x-parts")
    bench.check("made by hand: metadata", got["Metadata"], {"owner": "someone"})
    bench.check("made by hand: number of tags", got["TagCount"], 2)

    left = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    s3.upload_part(**left, PartNumber=1, Body=b"left over")
    s3.abort_multipart_upload(**left)
    refused(bench, "ListParts after Abort", "NoSuchUpload", s3.list_parts, **left)
    bench.check("uploads left", s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []), [])


def refused(bench, what, code, call, **arguments):
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        bench.check(what, error.response["Error"]["Code"], code)
    else:
        raise common.Failed(f"{what}: not refused")
