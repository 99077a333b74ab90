//! Laws that hold for any bytes, on drawn ones, on the corpus of the fuzz targets, and on bytes that mean harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod laws;

use proptest::prelude::*;
use std::fs;
use std::path::Path;

#[test]
fn the_corpus_keeps_the_laws() {
    for (name, law) in laws::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(!files.is_empty(), "{}", folder.display());
        for file in files {
            law(&fs::read(&file).unwrap());
        }
    }
}

/// Bytes made of pieces that mean something to one of the readers, and of others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        "GET /b/k?partNumber=1&X-Amz-Signature=secretsecret&uploadId= HTTP/1.1\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
        "transfer-encoding: chunked\r\n",
        "content-encoding: aws-chunked\r\n",
        "Authorization: AWS4-HMAC-SHA256 Credential=SECRETSECRETSECRET/x, Signature=secretsecret\r\n",
        "x-amz-security-token: secretsecret\r\n",
        "\tfolded\r\n",
        "\r\n",
        "\n",
        "5;chunk-signature=secretsecret\r\nhello\r\n",
        "0\r\n",
        "x-amz-trailer-signature:secretsecret\r\n",
        "<?xml version=\"1.0\"?>",
        "<Error><Token>secretsecret</Token>",
        "</Error>",
        "<a b=\"c\">",
        "</a>",
        "<a/>",
        "&amp;&lol;",
        "<!DOCTYPE a [<!ENTITY lol \"lol\">]>",
        "<![CDATA[x]]>",
        "<!-- x -->",
        "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{200b}\u{feff}\u{2066}",
        "bucket/key%20?versionId=null",
        "\"9b2cf535f27731c974343645a3985328-12\"",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(words).prop_map(|w| w.as_bytes().to_vec()),
        3 => prop::collection::vec(any::<u8>(), 0..8),
        1 => (any::<u8>(), 0..3000_usize).prop_map(|(b, n)| vec![b; n]),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn drawn_bytes_keep_the_laws_of_messages(bytes in bytes()) {
        laws::message(&bytes);
    }

    #[test]
    fn drawn_bytes_keep_the_laws_of_documents(bytes in bytes()) {
        laws::document(&bytes);
    }

    #[test]
    fn drawn_bytes_keep_all_other_laws(bytes in bytes(), text: String) {
        for (_, law) in laws::ALL.iter().skip(2) {
            law(&bytes);
            law(text.as_bytes());
        }
    }

    /// Damage done to what is right comes further than any noise.
    #[test]
    fn a_damaged_corpus_keeps_the_laws(pick: prop::sample::Index, at: prop::sample::Index, with in prop::collection::vec(any::<u8>(), 0..4), drop in 0_usize..4) {
        for (name, law) in laws::ALL {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
            files.sort();
            let mut bytes = fs::read(pick.get(&files)).unwrap();
            let from = at.index(bytes.len() + 1);
            let to = (from + drop).min(bytes.len());
            bytes.splice(from..to, with.clone());
            law(&bytes);
        }
    }
}
