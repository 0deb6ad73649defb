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
