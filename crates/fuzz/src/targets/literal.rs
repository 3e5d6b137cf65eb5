//! `literal`: Python's literals, as boards print them and as people write them.

use mpwire_proto::literal::{
    Value, parse, parse_source, quote, quote_bytes, quoted_bytes_length, skip_source_space,
};

/// The input is a literal.
pub fn run(input: &[u8]) {
    if let Ok(value) = parse(input) {
        let text = written(&value);
        let again = parse(text.as_bytes());
        // By their text, since one NaN is not another.
        assert_eq!(
            format!("{again:?}"),
            format!("{:?}", Ok::<_, ()>(&value)),
            "{text}"
        );
    }
    let begin = skip_source_space(input, 0);
    assert!(begin <= input.len());
    if let Ok((_, end)) = parse_source(input, begin) {
        assert!(begin < end && end <= input.len());
    }
    let literal = quote_bytes(input);
    assert_eq!(literal.len(), quoted_bytes_length(input));
    assert!(literal.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    let bytes = Value::Bytes(input.to_vec());
    assert_eq!(parse(literal.as_bytes()), Ok(bytes.clone()));
    assert_eq!(
        parse_source(literal.as_bytes(), 0),
        Ok((bytes, literal.len()))
    );
    if let Ok(text) = std::str::from_utf8(input) {
        let literal = quote(text);
        // Nothing that steers the REPL is sent bare.
        assert!(!literal.contains(|c: char| c.is_ascii_control()));
        assert_eq!(
            parse(literal.as_bytes()),
            Ok(Value::Str(text.to_owned())),
            "{literal}"
        );
    }
}

/// A value as a board would print it.
fn written(value: &Value) -> String {
    let all = |items: &[Value]| {
        let items: Vec<String> = items.iter().map(written).collect();
        items.join(",")
    };
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) if number.is_nan() => "nan".to_owned(),
        Value::Float(number) => format!("{number:?}"),
        Value::Str(text) => quote(text),
        // Its backslashes are as boards print them already.
        Value::Surrogates(text) => quote(text).replace(r"\\", r"\"),
        Value::Bytes(bytes) => quote_bytes(bytes),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", all(items)),
        Value::Tuple(items) => format!("({})", all(items)),
        Value::List(items) => format!("[{}]", all(items)),
        Value::Dict(items) => {
            let items = items
                .iter()
                .map(|(key, value)| format!("{}:{}", written(key), written(value)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(","))
        }
    }
}
