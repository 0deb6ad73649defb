//! Folders for files of SQLite, gone with the thread of the test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed when it is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

thread_local! {
    static FOLDER: Folder = Folder::new();
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub(crate) fn new() -> Self {
        let unique = format!("egoi-sqlite-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Nothing is to be lost here that waiting for a disk would save.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { memory } else { std::env::temp_dir() }.join(unique);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// The URL of a file that is not there yet, in the folder of this test.
    pub(crate) fn new_url_here() -> String {
        FOLDER.with(Self::new_url)
    }

    /// The URL of a file that is not there yet.
    pub(crate) fn new_url(&self) -> String {
        let file = format!("{}.db", NEXT.fetch_add(1, Ordering::Relaxed));
        format!("sqlite:{}", self.0.join(file).display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
