//! The pages for users: each error code has one, and each reason is on one of them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use egoi_verify::{Error, ErrorCode, Reason};

/// The name and the text of each page of the errors.
fn pages() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors");
    let page = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name.strip_suffix(".md").unwrap().to_owned(), fs::read_to_string(entry.path()).unwrap())
    };
    fs::read_dir(folder).unwrap().map(|entry| page(entry.unwrap())).collect()
}

#[test]
fn each_error_code_has_a_page_and_each_page_a_code() {
    let named: BTreeSet<String> = pages().into_iter().map(|(name, _)| name).collect();
    let codes: BTreeSet<String> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(named, codes);
    for (name, text) in pages() {
        assert!(text.starts_with(&format!("# {name}\n")), "{name}");
        let variant = format!("{:?}", ErrorCode::ALL.iter().find(|code| code.as_str() == name).unwrap());
        for class in
            [format!("`ErrorCode::{variant}`"), format!("{variant}Error`"), format!("`VerifyException.{variant}`")]
        {
            assert!(text.contains(&class), "{name} does not name {class}");
        }
        for part in ["`sms_possibly_sent`", "`retry_is_safe`", "## Causes", "## What to do"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
    }
}

#[test]
fn the_address_of_an_error_is_that_of_its_page_on_the_site() {
    let site = include_str!("../../docs/site/mkdocs.yml");
    let url = site.lines().find_map(|line| line.strip_prefix("site_url: ")).unwrap();
    for code in ErrorCode::ALL {
        assert_eq!(code.docs_url(), format!("{url}errors/{code}.html"));
        assert_eq!(Error::new(code, "").docs_url(), code.docs_url());
    }
}

#[test]
fn the_page_of_all_codes_leads_to_each() {
    let all = include_str!("../../docs/guides/troubleshooting.md");
    for code in ErrorCode::ALL {
        assert!(all.contains(&format!("[`{code}`](../errors/{code}.md)")), "{code}");
    }
}

#[test]
fn each_reason_is_explained_on_a_page() {
    let pages = pages();
    for reason in Reason::ALL {
        let row = format!("\n| `{reason}` | ");
        assert!(pages.iter().any(|(_, text)| text.contains(&row)), "{reason}");
    }
}

/// Every file of the library's sources.
fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            texts.extend(sources(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            texts.push(fs::read_to_string(entry.path()).unwrap());
        }
    }
    texts
}

/// Whether the text declares the type with an example in its documentation. `None` if it does not declare it.
fn has_example(text: &str, name: &str) -> Option<bool> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let declares = |line: &str| {
        // In a macro of the library a type stands without `pub enum`.
        let rest = ["pub struct ", "pub enum ", "pub trait ", ""]
            .iter()
            .find_map(|word| line.strip_prefix(word)?.strip_prefix(name));
        rest.is_some_and(|rest| {
            ["", " {", "(", "<", ":", ";"].iter().any(|end| rest == *end || (!end.is_empty() && rest.starts_with(end)))
        })
    };
    let documented =
        |at: usize| lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let places = (0..lines.len()).filter(|at| declares(lines[*at]) && documented(*at).next().is_some());
    places.map(|at| documented(at).any(|line| line.starts_with("/// ```"))).reduce(|one, other| one || other)
}

#[test]
fn each_public_type_has_an_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exports = fs::read_to_string(folder.join("lib.rs")).unwrap();
    let exports: Vec<&str> = exports.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next()).collect();
    let exports = exports.join("\n");
    let names: BTreeSet<&str> = exports
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|name| name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase))
        .collect();
    assert!(names.len() > 40, "{names:?}");
    let texts = sources(&folder);
    for name in names {
        // A name for a long type has none.
        let is_alias = texts.iter().any(|text| text.contains(&format!("pub type {name}<")));
        let found = texts.iter().filter_map(|text| has_example(text, name)).reduce(|one, other| one || other);
        assert!(is_alias || found == Some(true), "{name} has no example");
    }
}
