//! The modules of core know only those below them, and name each other where they are defined.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

/// From the bottom to the top; "The layers" in core's README, and the drawing in docs/architecture.md.
const LAYERS: [&str; 16] = [
    "error",
    "values",
    "sms",
    "generate",
    "verification",
    "events",
    "machine",
    "verifier",
    "session",
    "wire",
    "tls",
    "store",
    "client",
    "engine",
    "sandbox",
    "binding_options",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// What stands behind each `crate::` of a source, a list in braces taken apart.
fn named(source: &str) -> Vec<String> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let first = |path: &str| path.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
    code.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list[..list.find('}').unwrap()].split(',').map(first).collect(),
            None => vec![first(after)],
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn a_module_knows_only_those_below_it_and_names_them_where_they_are_defined() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut faults = Vec::new();
    let mut arrows = 0;
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        // The crate's root shows what it has; the command line is a program of its own.
        if matches!(module, "lib" | "main" | "cli") {
            continue;
        }
        let Some(own) = LAYERS.iter().position(|layer| *layer == module) else {
            panic!("{module} is in no layer: add it to LAYERS, to core's README and to docs/architecture.md");
        };
        for name in named(&std::fs::read_to_string(&file).unwrap()) {
            arrows += 1;
            match LAYERS.iter().position(|layer| *layer == name) {
                Some(layer) if layer <= own => {}
                Some(_) => faults.push(format!("{}: {module} knows {name}, which is above it", inside.display())),
                None => faults.push(format!("{}: {name} is named through the crate's root", inside.display())),
            }
        }
    }
    assert!(arrows > 100, "only {arrows} arrows were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
