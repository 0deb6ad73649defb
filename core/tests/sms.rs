//! The SMS functions against the vectors that every language runs.

use std::collections::HashSet;
use std::path::Path;

use egoi_verify::{CodeType, code_in_sms, sms_parts, with_app_hash, with_origin};
use serde::Deserialize;
use serde::de::DeserializeOwned;

type Anything = Result<(), Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct File<V> {
    vectors: Vec<V>,
}

fn vectors<V: DeserializeOwned>(file: &str) -> Result<Vec<V>, Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(file);
    Ok(serde_json::from_str::<File<V>>(&std::fs::read_to_string(path)?)?.vectors)
}

#[derive(Deserialize)]
struct Parts {
    name: String,
    text: Vec<(String, usize)>,
    encoding: String,
    characters: u32,
    parts: u32,
}

#[test]
fn parts_are_counted_as_the_vectors_say() -> Anything {
    for v in vectors::<Parts>("sms_parts.json")? {
        let text: String = v.text.iter().map(|(piece, times)| piece.repeat(*times)).collect();
        let counted = sms_parts(&text);
        let found = (counted.encoding.as_str(), counted.characters, counted.parts);
        assert_eq!(found, (v.encoding.as_str(), v.characters, v.parts), "{}", v.name);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Autofill {
    name: String,
    call: String,
    message: String,
    argument: String,
    text: Option<String>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    field: String,
    detail: String,
}

#[test]
fn autofill_lines_are_added_as_the_vectors_say() -> Anything {
    for v in vectors::<Autofill>("autofill.json")? {
        let call = if v.call == "with_origin" { with_origin } else { with_app_hash };
        match (call(&v.message, &v.argument), v.error) {
            (Ok(text), None) => assert_eq!(Some(text), v.text, "{}", v.name),
            (Err(error), Some(refusal)) => {
                let detail = error.detail();
                assert!(detail.starts_with(&format!("`{}` ", refusal.field)), "{}: {detail}", v.name);
                assert!(detail.contains(&refusal.detail), "{}: {detail}", v.name);
            }
            (result, _) => return Err(format!("{}: {result:?}", v.name).into()),
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Reading {
    name: String,
    text: String,
    code_type: Option<String>,
    code_size: Option<u32>,
    code: Option<String>,
}

#[test]
fn codes_are_read_as_the_vectors_say() -> Anything {
    for v in vectors::<Reading>("code_in_sms.json")? {
        let code_type = v.code_type.as_deref().map(str::parse::<CodeType>).transpose()?;
        let code = code_in_sms(&v.text, code_type, v.code_size);
        assert_eq!(code.as_ref().map(|code| code.expose()), v.code.as_deref(), "{}", v.name);
    }
    Ok(())
}

#[test]
fn every_vector_has_a_name_of_its_own() -> Anything {
    for file in ["sms_parts.json", "autofill.json", "code_in_sms.json"] {
        let mut seen = HashSet::new();
        for vector in vectors::<serde_json::Value>(file)? {
            let name = vector["name"].as_str().unwrap_or_default().to_owned();
            assert!(!name.is_empty() && seen.insert(name.clone()), "{file}: {name:?}");
        }
    }
    Ok(())
}

#[test]
fn an_autofilled_message_with_the_code_in_place_is_read_back() -> Anything {
    let message = with_origin(&with_app_hash("{CODE} is your code", "FA+9qCX9VSu")?, "example.com")?;
    let code = code_in_sms(&message.replace("{CODE}", "482193"), None, None);
    assert_eq!(code.as_ref().map(|code| code.expose()), Some("482193"));
    Ok(())
}

#[test]
fn no_text_of_awkward_pieces_makes_reading_panic() {
    let pieces = [
        "1234", "-", " ", "CODE", "\u{200e}", "é", "🔑", "+", "\n", "١", ".", ":", "@a.b #", "ſ", "€", "\u{301}", "验",
        "00", "(",
    ];
    let types =
        [None, Some(CodeType::Numeric), Some(CodeType::Alpha), Some(CodeType::Alphanumeric), Some(CodeType::Hex)];
    // A linear congruential generator (Knuth's MMIX constants): the same texts at every run, without a dependency.
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..5_000 {
        let text: String = (0..next(60)).map(|_| pieces[next(pieces.len())]).collect();
        let size = (round % 3 == 0).then(|| next(25) as u32);
        let code_type = types[next(types.len())];
        if let Some(code) = code_in_sms(&text, code_type, size) {
            let alphabet = code_type.unwrap_or(CodeType::Alphanumeric).alphabet();
            assert!(code.expose().chars().all(|c| alphabet.contains(c)), "{text:?}");
        }
    }
}

#[test]
fn a_hostile_text_is_read_in_bounded_time() {
    for piece in ["1 ", "1-1 ", "CODE ", "A1-", "(1)", "1234 CODE ", "\u{200e}", "1", "@", "12,"] {
        let text = piece.repeat(1_000_000 / piece.len());
        let started = std::time::Instant::now();
        let _ = code_in_sms(&text, None, None);
        // Milliseconds here; only a search that goes through all of the text again and again takes seconds.
        assert!(started.elapsed().as_secs() < 10, "{piece:?}");
    }
}
