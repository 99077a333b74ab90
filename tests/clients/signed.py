"""A very small S3 client in the standard library: what the checks need to look behind another client's back."""

import datetime
import hashlib
import hmac
import http.client
import re
import threading
from urllib.parse import quote

import common


class Client:
    """Safe to use from several threads: each keeps a connection of its own."""

    def __init__(self, server):
        self.server = server
        self.local = threading.local()

    def call(self, method, bucket, key="", query=(), body=b"", headers=(), sign_body=True):
        """Signs with version 4; returns the status, the headers with lower-case names, and the body."""
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        path = quote(f"/{bucket}/{key}" if key else f"/{bucket}", safe="/-_.~")
        line = "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in sorted(query))
        digest = hashlib.sha256(body).hexdigest() if sign_body else "UNSIGNED-PAYLOAD"
        signed = {"host": self.server.host, "x-amz-content-sha256": digest, "x-amz-date": stamp, **dict(headers)}
        names = ";".join(sorted(signed))
        head = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        canonical = "\n".join([method, path, line, head, names, digest])
        scope = f"{day}/{common.REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        secret = f"AWS4{self.server.secret_key}".encode()
        for word in (day, common.REGION, "s3", "aws4_request", text):
            secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.server.access_key}/{scope}, SignedHeaders={names}, Signature={secret.hex()}"
        )
        answer, got = self.send(method, path + (f"?{line}" if line else ""), body, signed)
        if answer.status >= 300:
            raise common.Failed(f"{method} {path}: {answer.status} {got[:300]!r}")
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, got

    def send(self, method, target, body, headers):
        """Over the thread's connection; once more over a new one when the server has closed the old."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(self.server.host, timeout=60)
        connection = self.local.connection
        for last in (False, True):
            try:
                connection.request(method, target, body, headers)
                answer = connection.getresponse()
                return answer, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                connection.close()
                if last:
                    raise
            except BaseException:
                connection.close()
                raise

    def head(self, bucket, key):
        return self.call("HEAD", bucket, key)[1]

    def uploads(self, bucket):
        text = self.call("GET", bucket, query=[("uploads", "")])[2].decode()
        return re.findall(r"<UploadId>([^<]+)</UploadId>", text)

    def start_with_one_part(self, bucket, key, body):
        text = self.call("POST", bucket, key, query=[("uploads", "")])[2].decode()
        upload = re.search(r"<UploadId>([^<]+)</UploadId>", text)[1]
        self.call("PUT", bucket, key, query=[("partNumber", "1"), ("uploadId", upload)], body=body)
        return upload
