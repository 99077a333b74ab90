//! Whatever is in a key, a header or a name: it comes out of a script as it went in, and nothing of it is executed.

use super::made::{encoded, exchange, request};
use super::rust::compile;
use partscope::domain::exchange::Exchange;
use partscope::domain::export::table::{self, Kind};
use partscope::domain::export::{Format, script};
use partscope::domain::hand_over::Place;
use proptest::prelude::*;
use std::path::Path;
use std::process::Command;

/// Text that something could take for something else.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "'",
        "\"",
        "`touch canary`",
        "$(touch canary)",
        "\n",
        "\r\n",
        "\\",
        "\\n",
        "%s",
        "%",
        "${x}",
        "$'",
        "!",
        "#",
        "~",
        "\n#",
        "*/",
        "\"\"\"",
        "'''",
        "{}",
        "END\n",
        "é",
        "😀",
        "\u{202e}",
        "\u{2028}",
        "\u{85}",
        "\u{1b}[2J",
        "\u{7f}",
        "\0",
        "-",
        "--",
        "file://",
        "?versionId=x",
        "&",
        ";",
        "|",
        ">",
        "<",
        "\t",
        " ",
        "a",
        "b",
        "/",
        "..",
        "\u{e0001}",
        "=",
    ]);
    proptest::collection::vec(
        prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)],
        1..12,
    )
    .prop_map(|all| all.concat())
}

/// What a header can hold.
fn header_value() -> impl Strategy<Value = String> {
    nasty().prop_map(|text| {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        text.trim().to_owned()
    })
}

fn creates(keys: &[(String, String)]) -> Vec<Exchange> {
    let answer = b"HTTP/1.1 200 OK\r\n\r\n<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>";
    let one = |(id, (key, value)): (u64, &(String, String))| {
        let target = format!("/b/{}?uploads", encoded(key));
        exchange(id, &request("POST", &target, &[("x-amz-meta-m", value.as_bytes())]), answer)
    };
    (1..).zip(keys).map(one).collect()
}

fn written(exchanges: &[Exchange], format: Format) -> String {
    script(&exchanges.iter().collect::<Vec<_>>(), format, &Place::default())
}

/// Runs a script with a stand-in for its client, and gives the arguments of each run of it.
fn arguments(script: &str, client: &str, answer: &str) -> Vec<Vec<Vec<u8>>> {
    let dir = tempfile::tempdir().unwrap();
    let stand_in = format!(
        "#!/bin/sh\nprintf '%s\\0' \"$@\" >> \"$SEEN\"\nprintf 'END\\0' >> \"$SEEN\"\nprintf '{answer}'\n"
    );
    let program = dir.path().join(client);
    std::fs::write(&program, stand_in).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let work = dir.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(dir.path().join("script"), script).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let done = Command::new("bash")
        .arg(dir.path().join("script"))
        .current_dir(&work)
        .env_clear()
        .envs([
            ("PATH", path.as_str()),
            ("LC_ALL", "C.UTF-8"),
            ("AWS_ACCESS_KEY_ID", "i"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ])
        .env("SEEN", dir.path().join("seen"))
        .env("TMPDIR", dir.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}\n{script}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(std::fs::read_dir(&work).unwrap().count(), 0, "something was executed:\n{script}");
    let seen = std::fs::read(dir.path().join("seen")).unwrap();
    let words: Vec<Vec<u8>> = seen.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
    words.split(|w| w == b"END").map(<[Vec<u8>]>::to_vec).filter(|w| w.len() > 1).collect()
}

fn after<'a>(words: &'a [Vec<u8>], name: &str) -> Option<&'a [u8]> {
    let with_sign = format!("{name}=").into_bytes();
    let at = words.iter().position(|w| w == name.as_bytes() || w.starts_with(&with_sign))?;
    words.get(at)?.strip_prefix(with_sign.as_slice()).or_else(|| words.get(at + 1).map(Vec::as_slice))
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The value of a parameter, wherever it stands.
fn said(words: &[Vec<u8>], option: &str, member: &str) -> String {
    match after(words, option) {
        Some(word) => String::from_utf8(word.to_vec()).unwrap(),
        None => json(after(words, "--cli-input-json").unwrap())[member].as_str().unwrap().to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn bash_gives_the_clients_the_very_words(keys in proptest::collection::vec((nasty(), header_value()), 12)) {
        let exchanges = creates(&keys);
        let by_aws = arguments(&written(&exchanges, Format::AwsCli), "aws", "");
        prop_assert_eq!(by_aws.len(), keys.len());
        for (words, (key, value)) in by_aws.iter().zip(&keys) {
            prop_assert_eq!(&said(words, "--key", "Key"), key);
            match after(words, "--metadata") {
                Some(metadata) => prop_assert_eq!(json(metadata)["m"].clone(), serde_json::json!(value)),
                None => prop_assert!(!value.is_ascii()),
            }
        }
        let by_curl = arguments(&written(&exchanges, Format::Curl), "curl", "200");
        prop_assert_eq!(by_curl.len(), keys.len());
        for (words, (key, value)) in by_curl.iter().zip(&keys) {
            let want = format!("http://127.0.0.1:9000/b/{}?uploads=", encoded(key));
            prop_assert_eq!(String::from_utf8_lossy(words.last().unwrap()), want);
            let header = if value.is_empty() { "x-amz-meta-m;".to_owned() } else { format!("x-amz-meta-m: {value}") };
            prop_assert!(words.contains(&header.into_bytes()), "{value:?} {words:?}");
        }
    }

    #[test]
    fn shlex_reads_the_words_of_the_aws_cli(key in nasty()) {
        let script = written(&creates(&[(key.clone(), String::new())]), Format::AwsCli);
        let command = &script[script.find("\ns3api create-multipart-upload").unwrap()..];
        let words: Vec<Vec<u8>> = shlex::split(command).unwrap().into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(said(&words, "--key", "Key"), key);
    }

    #[test]
    fn python_reads_the_very_texts(keys in proptest::collection::vec((nasty(), header_value()), 40)) {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("script.py");
        std::fs::write(&script, written(&creates(&keys), Format::Boto3)).unwrap();
        // Surrogates cannot be in a key; ensure_ascii keeps the rest apart from the terminal's encoding.
        let program = "import ast, json, sys\n\
            tree = ast.parse(open(sys.argv[1], 'rb').read())\n\
            calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]\n\
            keys = [ast.literal_eval(k.value) for c in calls for k in c.keywords if k.arg == 'Key']\n\
            print(json.dumps(keys))";
        let done = Command::new("python3").args(["-c", program]).arg(&script).output().unwrap();
        prop_assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let mut got: Vec<String> = serde_json::from_slice(&done.stdout).unwrap();
        let mut want: Vec<String> = keys.into_iter().map(|(k, _)| k).collect();
        got.sort();
        want.sort();
        prop_assert_eq!(got, want);
    }
}

#[test]
fn nothing_secret_and_nothing_that_acts_is_in_a_script() {
    let key = "\u{1b}]52;c;x\u{7}\u{202e}\r\nrm";
    let target = format!("/b/{}?X-Amz-Signature=5ec2e7&X-Amz-Security-Token=5ec2e7", encoded(key));
    let headers: [(&str, &[u8]); 5] = [
        ("x-amz-server-side-encryption-customer-algorithm", b"AES256"),
        ("x-amz-server-side-encryption-customer-key", b"5ec2e7"),
        ("x-amz-server-side-encryption-customer-key-md5", b"5ec2e7"),
        ("cookie", b"5ec2e7"),
        ("x-amz-mfa", b"5ec2e7"),
    ];
    let refused = b"HTTP/1.1 403 No\r\n\r\n<Error><Code>A\x1b[2J\nrm</Code><Token>5ec2e7</Token></Error>";
    let exchanges = [exchange(1, &request("GET", &target, &headers), refused)];
    for format in Format::ALL {
        let text = written(&exchanges, format);
        assert!(!text.contains("5ec2e7") && !text.contains("AKIASECRET"), "{text}");
        assert!(text.contains("eu-north-1") && text.to_uppercase().contains("SSE_C_KEY_BASE64"), "{text}");
        let odd = text.chars().find(|c| *c != '\n' && (c.is_control() || *c == '\u{202e}'));
        assert_eq!(odd, None, "{text}");
        assert!(!text.lines().any(|l| l.trim_start().starts_with("rm")), "{text}");
    }
}

/// A request of every call, with every parameter it can have.
fn everything() -> Vec<Exchange> {
    const TARGETS: [(&str, &str, &str); 25] = [
        ("ListBuckets", "GET", "/"),
        ("ListObjects", "GET", "/b/"),
        ("ListObjectsV2", "GET", "/b/?list-type=2"),
        ("ListObjectVersions", "GET", "/b/?versions"),
        ("ListMultipartUploads", "GET", "/b/?uploads"),
        ("ListParts", "GET", "/b/k"),
        ("HeadBucket", "HEAD", "/b/"),
        ("CreateBucket", "PUT", "/b/"),
        ("GetBucketLocation", "GET", "/b/?location"),
        ("GetBucketVersioning", "GET", "/b/?versioning"),
        ("HeadObject", "HEAD", "/b/k"),
        ("GetObject", "GET", "/b/k"),
        ("GetObjectAttributes", "GET", "/b/k?attributes"),
        ("GetObjectTagging", "GET", "/b/k?tagging"),
        ("GetObjectAcl", "GET", "/b/k?acl"),
        ("PutObject", "PUT", "/b/k"),
        ("PutObjectTagging", "PUT", "/b/k?tagging"),
        ("CopyObject", "PUT", "/b/k"),
        ("DeleteObject", "DELETE", "/b/k"),
        ("DeleteObjectTagging", "DELETE", "/b/k?tagging"),
        ("CreateMultipartUpload", "POST", "/b/k?uploads"),
        ("UploadPart", "PUT", "/b/k"),
        ("UploadPartCopy", "PUT", "/b/k"),
        ("CompleteMultipartUpload", "POST", "/b/k"),
        ("AbortMultipartUpload", "DELETE", "/b/k"),
    ];
    let mut out = Vec::new();
    for (id, (name, method, target)) in (1..).zip(TARGETS) {
        let (mut target, mut headers) = (target.to_owned(), Vec::new());
        let call = table::call(name).unwrap();
        for parameter in table::parameters().iter().filter(|p| call.parameters.contains(&p.name)) {
            let value = match parameter.kind {
                Kind::Integer | Kind::Long | Kind::Marker => "1",
                Kind::Boolean => "true",
                Kind::Time if parameter.name == "ObjectLockRetainUntilDate" => "2032-01-01T00:00:00Z",
                Kind::Time => "Thu, 01 Jan 2032 00:00:00 GMT",
                Kind::Source => "s/k%20x?versionId=v",
                _ => "a",
            };
            let fits = |wire: &str| {
                call.of_query(wire).or(call.of_header(wire)).is_some_and(|p| std::ptr::eq(p, parameter))
            };
            match (&parameter.query, &parameter.header) {
                (Some(wire), _) if fits(wire) => {
                    let mark = if target.contains('?') { '&' } else { '?' };
                    target += &format!("{mark}{wire}={}", value.replace(' ', "%20"));
                }
                (_, Some(wire)) if parameter.kind == Kind::Metadata => {
                    headers.push((format!("{wire}n"), value))
                }
                (_, Some(wire)) if fits(wire) => headers.push((wire.clone(), value)),
                _ => {}
            }
        }
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let mut bytes = request(method, &target, &headers);
        bytes.extend(match name {
            "CompleteMultipartUpload" => &b"<C><Part><ETag>e</ETag><ChecksumCRC64NVME>c</ChecksumCRC64NVME><PartNumber>1</PartNumber></Part></C>"[..],
            "PutObjectTagging" => b"<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
            _ => b"",
        });
        out.push(exchange(id, &bytes, b"HTTP/1.1 200 OK\r\n\r\n"));
    }
    out
}

#[test]
fn every_call_and_parameter_is_one_of_the_rust_sdk() {
    let mut keys: Vec<Exchange> = everything();
    let odd = ["\u{202e}\u{2028}", "\0\"\\\r\n", "'{}{x}", "\u{e0001}😀"]
        .map(|k| (k.to_owned(), "é\u{200b}".to_owned()));
    keys.extend(creates(&odd).into_iter().map(|mut e| {
        e.operation.0 += 100;
        e
    }));
    let text = written(&keys, Format::Rust);
    assert!(!text.contains("cannot be written"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("main.rs");
    std::fs::write(&source, &text).unwrap();
    assert!(compile(&source, "metadata").is_file());
    for call in table::calls() {
        let method = format!(".{}()", table::rust_name(&call.name));
        assert!(text.contains(&method), "{} is not in the program", call.name);
    }
}

#[test]
fn every_call_and_parameter_is_one_of_boto3_and_the_aws_cli() {
    let tools =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), std::path::PathBuf::from);
    let python = tools.join("clients/bin/python3");
    let python = if python.is_file() { python.as_path() } else { Path::new("python3") };
    let rows = |name: &String| (name.clone(), table::apart(name, '-'), table::apart(name, '_'));
    let calls: Vec<_> = table::calls()
        .iter()
        .map(|c| (rows(&c.name), c.parameters.iter().map(rows).collect::<Vec<_>>()))
        .collect();
    let program = "import json, sys\n\
        from botocore import xform_name\n\
        from botocore.session import Session\n\
        model = Session().get_service_model('s3')\n\
        for call, parameters in json.load(sys.stdin):\n    \
            members = model.operation_model(call[0]).input_shape.members\n    \
            for name, option, method in [call] + parameters:\n        \
                assert (xform_name(name, '-'), xform_name(name, '_')) == (option, method), name\n    \
            assert not [p[0] for p in parameters if p[0] not in members], call\n";
    let mut child = Command::new(python)
        .args(["-c", program])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &calls).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    if said.contains("No module named 'botocore'") && std::env::var_os("PARTSCOPE_REQUIRE_CLIENTS").is_none()
    {
        eprintln!("SKIPPED: botocore is not installed");
        return;
    }
    assert!(done.status.success(), "{said}");
}
