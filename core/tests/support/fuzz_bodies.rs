//! What each fuzz target does with its input: one function a target, which the replay of the corpus calls too.

use std::time::{Duration, SystemTime};

use egoi_verify::session::{Moment, Session};
use egoi_verify::wire::words::StatusWords;
use egoi_verify::wire::{decode_refusal, retry_after, v1, v2};
use egoi_verify::{
    Code, CodeSize, CodeType, Fault, MessageTemplate, RequestId, SmsEncoding, code_in_sms, parse_number, sms_parts,
    with_app_hash, with_origin,
};

/// A target: its name, which is its folder in the corpus, and its body.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// Every target.
pub(crate) const TARGETS: [Target; 9] = [
    ("v1", read_v1),
    ("v2", read_v2),
    ("refusal", read_refusal),
    ("number", read_number),
    ("sms_text", read_sms_text),
    ("code", read_code),
    ("retry_after", read_retry_after),
    ("fault", read_fault),
    ("session", read_session),
];

/// V1: what is read is read again from what it is written as.
pub(crate) fn read_v1(body: &[u8]) {
    if let Ok(response) = v1::decode_response(body) {
        let word = response.status.as_deref().unwrap_or_default();
        look_up(word);
        let id = response.id.as_deref().unwrap_or_default();
        let again = v1::decode_response(&v1::encode_status(id, word));
        assert!(again.is_ok_and(|again| again.id.as_deref() == Some(id) && again.status.as_deref() == Some(word)));
        assert_eq!(response.has_errors, v1::has_errors(body));
    }
    if let Ok(senders) = v1::decode_senders(body) {
        assert!(senders.iter().all(|sender| sender.number.is_none()));
    }
    let _ = v2::decode_is_down(body);
    let _ = v1::decode_request(body);
    // A validation is a cancellation with a code.
    if let Ok(validate) = v1::decode_validate(body) {
        assert!(v1::decode_cancel(body).is_ok_and(|cancel| cancel.request_id == validate.request_id));
    }
}

/// V2: what is read is read again from what it is written as.
pub(crate) fn read_v2(body: &[u8]) {
    if let Ok(id) = v2::decode_requested(body) {
        assert!(v2::decode_requested(&v2::encode_requested(&id)).is_ok_and(|again| again == id));
        let _ = RequestId::parse(&id);
    }
    if let Ok(done) = v2::decode_done(body) {
        assert!(v2::decode_done(&v2::encode_done(&done.id, done.word.as_deref())).is_ok_and(|again| again == done));
        done.word.as_deref().into_iter().for_each(look_up);
    }
    if let Ok(read) = v2::decode_read(body) {
        let again = v2::decode_read(&v2::encode_read(&v2::ReadResponse {
            id: read.id.as_deref().unwrap_or_default().into(),
            recipient_number: read.number.as_deref(),
            code: read.code.as_ref().map(|code| code.as_str()),
            status: read.status.as_deref().unwrap_or_default(),
            create_date: read.created_at,
            ..v2::ReadResponse::default()
        }));
        assert!(again.is_ok_and(|again| again.number == read.number && again.code == read.code));
    }
    if let Ok(senders) = v2::decode_senders(body) {
        assert!(v2::decode_senders(&v2::encode_senders(&senders)).is_ok_and(|again| again == senders));
    }
    let _ = v2::decode_request(body);
    let _ = v2::decode_validate(body);
    let _ = v2::decode_sms(body);

    let text = String::from_utf8_lossy(body);
    let _ = v2::code_type(&text);
    if let Some(at) = v2::parse_date(&text)
        && let Some(written) = v2::format_date(at)
    {
        let again = v2::parse_date(&written).expect("a date that was written is read");
        assert!(at.duration_since(again).is_ok_and(|lost| lost.as_secs() == 0), "{text:?} became {written}");
    }
}

/// The words of a refusal, in both versions.
pub(crate) fn read_refusal(body: &[u8]) {
    if let Some(words) = decode_refusal(body) {
        assert!(!words.is_empty());
        let again = decode_refusal(&v2::encode_problem(400, "", &words));
        assert_eq!(again, Some(words));
    }
}

/// A number that is read has one form, which is read as the same number.
pub(crate) fn read_number(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    if let Ok(number) = parse_number(&text, None) {
        let e164 = number.e164();
        let again = parse_number(&e164, None);
        assert!(again.is_ok_and(|again| again == number), "{text:?} became {e164}");
        let national = e164.strip_prefix(&format!("+{}", number.calling_code()));
        let national = national.expect("a number begins with a plus and its calling code");
        assert!(national.bytes().all(|b| b.is_ascii_digit()) && (2..=17).contains(&national.len()), "{text:?}");
        let masked = number.to_string();
        assert!(masked.contains('*') && masked.len() == e164.len(), "{text:?} is shown as {masked}");
    }
}

/// A code that is read from an SMS is of the alphabet and size asked for, and an autofill line is read back.
pub(crate) fn read_sms_text(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    for code_type in CodeType::ALL.into_iter().map(Some).chain([None]) {
        for size in [None, Some(4), Some(6), Some(20)] {
            let Some(code) = code_in_sms(&text, code_type, size) else { continue };
            let code = code.expose();
            let alphabet = code_type.unwrap_or(CodeType::Alphanumeric).alphabet();
            assert!(code.chars().all(|c| alphabet.contains(c)), "{code:?} is not of {code_type:?}");
            assert!(
                size.map_or((4..=20).contains(&code.len()), |size| code.len() == size as usize),
                "{code:?} {size:?}"
            );
        }
    }

    let sms = sms_parts(&text);
    let (whole, part) = match sms.encoding {
        SmsEncoding::Gsm7 => (160, 153),
        SmsEncoding::Ucs2 => (70, 67),
    };
    assert!(sms.parts >= 1 && (sms.characters <= whole) == (sms.parts == 1), "{sms:?}");
    assert!(sms.parts == 1 || sms.parts >= sms.characters.div_ceil(part), "{sms:?}");

    let (message, last) = text.rsplit_once('\n').unwrap_or((&text, "example.com"));
    if let Ok(template) = with_origin(message, last) {
        let code = code_in_sms(&template.replace(MessageTemplate::PLACE, "123456"), None, None);
        assert!(code.is_some_and(|code| code.expose() == "123456"), "{template:?}");
    }
    if let Ok(template) = with_app_hash(message, last) {
        assert!(template.ends_with(last) && sms_parts(&template.replace(MessageTemplate::PLACE, "123456")).parts == 1);
    }
    if let (Ok(template), Ok(code)) = (MessageTemplate::new(&text, CodeSize::default()), Code::parse("123456")) {
        let rendered = template.render(&code);
        assert!(sms_parts(&rendered).parts <= 6 && !rendered.is_empty());
    }
}

/// Normalising a code twice is normalising it once.
pub(crate) fn read_code(given: &[u8]) {
    let given = String::from_utf8_lossy(given);
    if let Ok(code) = Code::parse(&given) {
        let again = Code::parse(code.expose());
        assert!(again.is_ok_and(|again| again.expose() == code.expose() && again.matches(&code)), "{given:?}");
        assert!((1..=64).contains(&code.expose().chars().count()));
    }
}

/// The time that a date of `Retry-After` names is the same whenever it is read.
pub(crate) fn read_retry_after(value: &[u8]) {
    let Ok(value) = std::str::from_utf8(value) else { return };
    let then = SystemTime::UNIX_EPOCH;
    let later = then + Duration::from_secs(1);
    match (retry_after(value, then), retry_after(value, later)) {
        (None, None) => {}
        (Some(from_then), Some(from_later)) => {
            let is_a_date = value.trim().bytes().any(|byte| !byte.is_ascii_digit() && byte != b'+');
            let passed = if is_a_date { Duration::from_secs(1) } else { Duration::ZERO };
            assert_eq!(from_later, from_then.saturating_sub(passed), "{value:?}");
        }
        other => panic!("{value:?} is read as {other:?}"),
    }
}

/// A failure that is read is read again from what it is written as.
pub(crate) fn read_fault(words: &[u8]) {
    let Ok(words) = std::str::from_utf8(words) else { return };
    if let Ok(fault) = Fault::from_json(words) {
        let written = serde_json::to_string(&fault).expect("a failure is written");
        let again = Fault::from_json(&written).expect("a failure that was written is read");
        // Reading a fraction may be off by its last bit.
        assert!((again.probability - fault.probability).abs() <= f64::EPSILON * fault.probability.abs());
        assert_eq!(Fault { probability: fault.probability, ..again }, fault, "{words:?} became {written}");
    }
}

/// A session that is restored waits for nothing that was under way, and is the same when it was saved and restored again.
pub(crate) fn read_session(saved: &[u8]) {
    let Ok(saved) = std::str::from_utf8(saved) else { return };
    for since_boot in [0, 1_000_000, u64::MAX] {
        let now = Moment {
            since_boot: Duration::from_millis(since_boot),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1),
        };
        let Ok(mut session) = Session::restore(saved, now) else { continue };
        let again = Session::restore(&session.save(now), now).expect("a session that was saved is restored");
        assert_eq!((again.state(now), again.number()), (session.state(now), session.number()), "{saved:?}");
        assert!(session.reset().is_ok(), "a call is under way in {saved:?}");
    }
}

fn look_up(word: &str) {
    let words = StatusWords::default();
    let shouted = word.to_ascii_uppercase();
    assert_eq!(words.outcome(word), words.outcome(&shouted));
    assert_eq!(words.state(word), words.state(&shouted));
}
