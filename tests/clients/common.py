"""What every client check needs: the server, the data, and S3's own arithmetic done a second time."""

import base64
import hashlib
import os
import random
import select
import shutil
import subprocess
import tempfile
import time
import zlib

MIB = 1024 * 1024
REGION = "us-east-1"


class Skip(Exception):
    """The client is not installed."""


class Failed(Exception):
    """An answer was not the expected one."""


class Server:
    """`partscope serve` on a port of its own choice; the keys and the address are read from what it prints."""

    def __init__(self, binary, log):
        self.binary = binary
        self.log = open(log, "wb")
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        found = self.wait_until_ready(20)
        self.endpoint = found["endpoint"]
        self.access_key = found["access key"]
        self.secret_key = found["secret key"]
        self.host = self.endpoint.removeprefix("http://")
        if not self.host.startswith("127.0.0.1:"):
            raise Failed(f"the server listens on {self.host}")

    def wait_until_ready(self, seconds):
        deadline = time.monotonic() + seconds
        pipe = self.process.stdout
        text = b""
        while b"\nready" not in text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise Failed(f"the server was not ready in {seconds} seconds")
            more = os.read(pipe.fileno(), 4096)
            if not more:
                raise Failed("the server ended before it was ready")
            text += more
        found = {}
        for line in text.decode().splitlines():
            for name in ("endpoint", "access key", "secret key"):
                if line.startswith(name):
                    found[name] = line[len(name):].strip()
        return found

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Bench:
    """One client's table: a directory, an environment that knows nothing of the user, a list of what held."""

    def __init__(self, server, name, root, timeout):
        self.server = server
        self.name = name
        self.root = root
        self.dir = tempfile.mkdtemp(prefix=f"{name}-", dir=root)
        self.timeout = timeout
        self.held = 0
        self.env = clean_environment(server, root)

    def path(self, name):
        return os.path.join(self.dir, name)

    def check(self, what, got, want):
        if got != want:
            raise Failed(f"{what}: got {short(got)}, want {short(want)}")
        self.held += 1

    def true(self, what, holds):
        self.check(what, bool(holds), True)

    def same_file(self, what, path, data):
        with open(path, "rb") as file:
            self.same_bytes(what, file.read(), data)

    def same_bytes(self, what, got, data):
        if got != data:
            at = next((i for i, (a, b) in enumerate(zip(got, data)) if a != b), min(len(got), len(data)))
            raise Failed(f"{what}: {len(got)} bytes for {len(data)}, different from byte {at}")
        self.held += 1

    def command(self, *words, binary=False, env=None):
        """Runs a program; its output is the result, and any other exit code than 0 is a failure."""
        done = subprocess.run(
            words,
            env={**self.env, **(env or {})},
            cwd=self.dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=self.timeout,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise Failed(f"`{' '.join(words)}` ended with {done.returncode}: {said[-600:]}")
        return done.stdout if binary else done.stdout.decode()

    def clear(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def clean_environment(server, root):
    """Nothing of the user's AWS settings, no proxy, and a home that is empty."""
    config = os.path.join(root, "aws-config")
    if not os.path.exists(config):
        with open(config, "w") as file:
            file.write("[default]\ns3 =\n    signature_version = s3v4\n    addressing_style = path\n")
    keep = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update(
        HOME=root,
        TMPDIR=root,
        XDG_CONFIG_HOME=root,
        XDG_CACHE_HOME=root,
        NO_PROXY="127.0.0.1",
        AWS_CONFIG_FILE=config,
        AWS_SHARED_CREDENTIALS_FILE=os.path.join(root, "no-such-file"),
        AWS_EC2_METADATA_DISABLED="true",
        AWS_ACCESS_KEY_ID=server.access_key,
        AWS_SECRET_ACCESS_KEY=server.secret_key,
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
        AWS_PAGER="",
        PYTHONDONTWRITEBYTECODE="1",
    )
    return env


def find(name):
    """The program on the path, asked for its version once: a shim without a program behind it does not count."""
    path = shutil.which(name)
    if path is None:
        raise Skip(f"`{name}` is not installed")
    for words in (["--version"], ["version"]):
        done = subprocess.run(
            [path, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
        )
        if done.returncode == 0:
            return path, done.stdout.decode(errors="replace").split("\n")[0].strip()
    raise Skip(f"`{name}` does not run")


def short(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."


def data(seed, size):
    return random.Random(seed).randbytes(size)


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def cut(content, part):
    return [content[at:at + part] for at in range(0, len(content), part)]


def md5(content):
    return f'"{hashlib.md5(content).hexdigest()}"'


def etag_of(parts):
    """The ETag of a multipart object: the MD5 of the raw MD5s, a dash and the number of parts."""
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def checksum(algorithm, content):
    """The raw bytes of a checksum; None where nothing here can compute it."""
    if algorithm == "CRC32":
        return zlib.crc32(content).to_bytes(4, "big")
    if algorithm == "SHA1":
        return hashlib.sha1(content).digest()
    if algorithm == "SHA256":
        return hashlib.sha256(content).digest()
    try:
        from awscrt import checksums
    except ImportError:
        return None
    if algorithm == "CRC32C":
        return checksums.crc32c(content).to_bytes(4, "big")
    if algorithm == "CRC64NVME":
        return checksums.crc64nvme(content).to_bytes(8, "big")
    raise ValueError(algorithm)


def full_checksum(algorithm, parts):
    return base64.b64encode(checksum(algorithm, b"".join(parts))).decode()


def composite_checksum(algorithm, parts):
    raw = b"".join(checksum(algorithm, part) for part in parts)
    return f"{base64.b64encode(checksum(algorithm, raw)).decode()}-{len(parts)}"
