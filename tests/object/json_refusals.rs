//! What the JSON reader refuses, each by its own name, and what it must not refuse.

use super::JsonError;
use super::json::{MAX_DEPTH, canonical, parse};

fn refusal(text: &str) -> JsonError {
    parse(text.as_bytes()).expect_err(text)
}

fn written(text: &str) -> String {
    canonical(&parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}")))
}

fn nested(depth: usize, open: &str, close: &str) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn a_lone_surrogate_is_refused_by_name() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\udfff and more""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\udc00\ud800""#,
        r#"["fine","\uDBFF"]"#,
        r#"{"\ud800":1}"#,
        r#"{"a":{"\udc00":1}}"#,
    ] {
        assert!(
            matches!(refusal(text), JsonError::LoneSurrogate(_)),
            "{text}"
        );
    }
    assert_eq!(written(r#""\ud834\udd1e""#), r#""\ud834\udd1e""#);
}

#[test]
fn a_surrogate_in_utf_8_is_not_utf_8() {
    let error = parse(b"\"\xed\xa0\x80\"").expect_err("CESU-8");
    assert_eq!(error, JsonError::NotUtf8 { at: 1 });
    assert_eq!(parse(b"\"\xff\""), Err(JsonError::NotUtf8 { at: 1 }));
    assert_eq!(parse(b"\"\xc3"), Err(JsonError::NotUtf8 { at: 1 }));
}

#[test]
fn a_broken_escape_is_a_fault_of_syntax() {
    for text in [
        r#""\ud8"#,
        r#""\ud800"#,
        r#""\u12""#,
        r#""\x41""#,
        r#""\"#,
        "\"",
        "\"\\\"",
        "\"\t\"",
    ] {
        assert!(matches!(refusal(text), JsonError::Syntax(_)), "{text}");
    }
}

#[test]
fn an_integer_beyond_64_bits_is_refused_where_it_stands() {
    for (text, at) in [
        ("18446744073709551616", 0),
        ("[1,-9223372036854775809]", 3),
        (r#"{"a":99999999999999999999}"#, 5),
        ("-18446744073709551615", 0),
        (" 123456789012345678901234567890", 1),
    ] {
        assert_eq!(refusal(text), JsonError::IntegerTooLarge { at }, "{text}");
    }
    for text in [
        "18446744073709551615",
        "-9223372036854775808",
        "9223372036854775808",
        "0",
    ] {
        assert_eq!(written(text), text);
    }
    assert_eq!(
        written(r#""18446744073709551616""#),
        r#""18446744073709551616""#
    );
    assert_eq!(written("100000000000000000000.0"), "1e+20");
    assert_eq!(written("100000000000000000000e2"), "1e+22");
}

#[test]
fn numbers_that_are_no_json_are_a_fault_of_syntax() {
    for text in [
        "01",
        "-01",
        "00000000000000000000000",
        "+1",
        "1.",
        ".5",
        "-",
        "--5",
        "1e",
        "0x10",
        "1-2",
        "--99999999999999999999",
        "99999999999999999999-",
        "1_000",
    ] {
        assert!(matches!(refusal(text), JsonError::Syntax(_)), "{text}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_name() {
    for text in [
        "1e400",
        "-1e400",
        "[1e309]",
        "NaN",
        "[Infinity]",
        "{\"a\":-Infinity}",
    ] {
        assert!(matches!(refusal(text), JsonError::NotFinite(_)), "{text}");
    }
    assert_eq!(written(r#"["NaN","Infinity"]"#), r#"["NaN","Infinity"]"#);
    assert!(matches!(refusal("Naé"), JsonError::Syntax(_)));
}

#[test]
fn minus_zero_is_zero_as_an_integer_and_stays_as_a_float() {
    assert_eq!(written("-0"), "0");
    assert_eq!(
        written("[-0,-0.0,-0e0,\"-0\",{\"é\":-0}]"),
        "[0,-0.0,-0.0,\"-0\",{\"\\u00e9\":0}]"
    );
    for text in ["1 -0", "[1-0]", "[1 -0]", "--0", "1e -0", "-0 -0", "tru-0"] {
        assert!(matches!(refusal(text), JsonError::Syntax(_)), "{text}");
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_and_named() {
    let key = |key: &str| JsonError::DuplicateKey { key: key.into() };
    assert_eq!(refusal(r#"{"a":1,"b":2,"a":1}"#), key("a"));
    assert_eq!(refusal(r#"[{"x":{"":0,"":0}}]"#), key(""));
    assert_eq!(refusal(r#"{"\u0061":1,"a":1}"#), key("a"));
    // What serde_json would take for its own position.
    let odd = "k at line 1 column 2";
    assert_eq!(refusal(&format!(r#"{{"{odd}":1,"{odd}":1}}"#)), key(odd));
    assert_eq!(
        written(r#"{"b":{"a":1},"a":{"a":1}}"#),
        r#"{"a":{"a":1},"b":{"a":1}}"#
    );
}

#[test]
fn a_refusal_cannot_be_imitated_by_a_key() {
    let text = r#"{"duplicate key surrogate in hex escape number out of range":1,}"#;
    assert!(matches!(refusal(text), JsonError::Syntax(_)));
}

#[test]
fn nesting_is_read_to_128_and_refused_at_129() {
    for (open, close) in [("[", "]"), ("{\"k\":[", "]}")] {
        let each = open.matches(['[', '{']).count();
        let fits = nested(MAX_DEPTH / each, open, close);
        assert_eq!(written(&fits), fits);
        let deeper = format!("[{fits}]");
        assert!(matches!(refusal(&deeper), JsonError::TooDeep { .. }));
    }
    assert_eq!(
        refusal(&"[".repeat(1_000_000)),
        JsonError::TooDeep { at: 128 }
    );
    let brackets_in_text = format!("\"{}\"", "[{".repeat(500));
    assert_eq!(written(&brackets_in_text), brackets_in_text);
}

#[test]
fn what_follows_the_document_is_refused() {
    for text in ["{} {}", "1 2", "null,", "[]]", "{}x", ""] {
        assert!(matches!(refusal(text), JsonError::Syntax(_)), "{text}");
    }
    assert_eq!(written(" {} \n\t"), "{}");
    assert!(
        matches!(refusal("\u{feff}{}"), JsonError::Syntax(_)),
        "a byte order mark"
    );
}

#[test]
fn a_document_of_too_many_values_is_refused_before_it_is_built() {
    let text = format!("[{}0]", "0,".repeat(super::json::MAX_VALUES));
    assert_eq!(refusal(&text), JsonError::TooManyValues);
}

#[test]
fn floats_are_laid_out_as_python_repr_does() {
    for (text, expected) in [
        ("1.0", "1.0"),
        ("1e16", "1e+16"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("1e15", "1000000000000000.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1.5e-7", "1.5e-07"),
        ("1e100", "1e+100"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("1e-400", "0.0"),
        ("-1e-400", "-0.0"),
        ("0.09595995653944889", "0.09595995653944889"),
        ("1394365081370060.25", "1394365081370060.2"),
        ("120.50", "120.5"),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}

#[test]
fn keys_are_sorted_by_code_point_and_not_by_utf_16() {
    assert_eq!(
        written("{\"\u{1f600}\":1,\"\u{fb33}\":2,\"a\":3,\"A\":4,\"\":5}"),
        r#"{"":5,"A":4,"a":3,"\ufb33":2,"\ud83d\ude00":1}"#
    );
}

#[test]
fn text_is_escaped_as_python_escapes_it() {
    assert_eq!(
        written("\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\\\/\u{7f}\u{80}\u{2028}é𝄞 ~\""),
        r#""\u0000\u001f\b\t\n\f\r\"\\/\u007f\u0080\u2028\u00e9\ud834\udd1e ~""#
    );
}
