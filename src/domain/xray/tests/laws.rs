//! Laws over any bytes.

use super::*;

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("GET /b/k?a=1&X-Amz-Signature=s HTTP/1.1\r\n".to_owned()),
        Just(format!("Authorization: {ALGORITHM} Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=ab\r\n")),
        Just("x-amz-date: 20130524T000000Z\r\n".to_owned()),
        Just("x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n".to_owned()),
        Just("content-length: 7\r\nhost: h\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("4;chunk-signature=ab\r\nWiki\r\n0;chunk-signature=cd\r\n".to_owned()),
        Just("x-amz-trailer-signature:ab\r\n\r\n".to_owned()),
        Just("HTTP/1.1 403 No\r\nDate: Fri, 24 May 2013 00:00:00 GMT\r\n\r\n<Error><Code>SignatureDoesNotMatch</Code>".to_owned()),
        Just("<CanonicalRequest>GET\n/\n\nhost:h\n\nhost\nx</CanonicalRequest><StringToSign>a\nb</StringToSign></Error>".to_owned()),
        Just("<CanonicalRequestBytes>47 45 zz</CanonicalRequestBytes>".to_owned()),
        "[ -~\u{e9}\r\n]{0,12}",
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let text = proptest::collection::vec(piece(), 0..14).prop_map(|all| all.concat().into_bytes());
    prop_oneof![4 => text, 1 => proptest::collection::vec(any::<u8>(), 0..300)]
}

proptest! {
    #[test]
    fn any_bytes_are_looked_through(request in bytes(), answer in bytes(), reveal in any::<bool>()) {
        let (request, answer) = (captured(&request), captured(&answer));
        let checked = checked(&request, SECRET);
        for line in xray(&request, &answer, &checked, reveal) {
            prop_assert!(line.text.chars().all(|c| !c.is_control()));
            for at in &line.from {
                prop_assert!(at.start <= at.end && at.end <= request.total, "{:?}", line);
            }
            for at in &line.answer {
                prop_assert!(at.start <= at.end && at.end <= answer.total, "{:?}", line);
            }
        }
        let _ = canonical_text(&request);
    }

    /// The lines shown are the text that is hashed: joined again they are the evaluator's.
    #[test]
    fn the_pieces_are_the_canonical_request(
        path in "/[a-zA-Z0-9%/+.~-]{0,20}",
        query in proptest::collection::vec("[a-zA-Z]{0,3}(=[a-zA-Z0-9%]{0,4})?", 0..5),
        value in "[ -~]{0,20}",
    ) {
        let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let start = format!("PUT {target}");
        let headers = [("host", "h"), ("x-amz-meta-a", value.trim()), ("x-amz-date", "20130524T000000Z"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let (claim, text) = sign(&start, &headers, SECRET);
        let captured = captured(&text);
        let film = Film::of(&captured).unwrap();
        let signed = film.signed.unwrap();
        let head = SentHead { method: "PUT", target: &target, headers: &film.headers };
        prop_assert_eq!(&signed.claim, &claim);
        prop_assert_eq!(signed.masked_canonical(), canonical_request(&head, &claim));
        prop_assert_eq!(claim.style, Style::Header);
        let strings: Vec<_> = signed.string_to_sign.iter().map(|p| p.text.as_str()).collect();
        prop_assert_eq!(strings.join("\n"), signed.request.string_to_sign);
    }

    /// Neither the key nor a value derived from it, nor a token or a signature while masked.
    #[test]
    fn no_secret_is_shown(token in "[A-Za-z0-9+/=<& ]{12,30}", secret in "[A-Za-z0-9/+]{20,40}", arrived in bytes()) {
        let token = format!("TOK{}", token.trim());
        let more = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("x-amz-security-token", token.as_str())];
        let (claim, text) = put(0, &more, &secret);
        let answer = format!(
            "HTTP/1.1 403 No\r\n\r\n<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>{}</SignatureProvided>\
             <CanonicalRequest>PUT\n/\n\nx-amz-security-token:{}\n\nhost\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>",
            claim.signature, crate::domain::xml::escape(&token)
        );
        let request = captured(&text);
        for answer in [captured(answer), captured(arrived)] {
            for key in [secret.as_str(), "another"] {
                let checked = checked(&request, key);
                let masked = text_lines(&request, &answer, &checked).join("\n");
                prop_assert!(!masked.contains("TOK") && !masked.contains(&claim.signature), "{}", masked);
                let open: String = xray(&request, &answer, &checked, true).into_iter().map(|l| l.text + "\n").collect();
                prop_assert!(!open.contains(&secret));
                let said = format!("{checked:?}");
                prop_assert!(!said.contains(&secret));
            }
        }
        prop_assert!(!canonical_text(&request).unwrap().contains("TOK"));
    }
}
