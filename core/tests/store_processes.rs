//! What holds for a store that processes share, called by four of them at once: each is this program once more.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod cable;
    pub(crate) mod calls;
    #[allow(dead_code, unused_macros, reason = "each program of tests needs some of it")]
    pub(crate) mod conformance;
    #[cfg(feature = "sqlite")]
    pub(crate) mod files;
    pub(crate) mod linearizable;
    pub(crate) mod model;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod processes;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod soak;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod watched;
}

/// The program once more.
#[test]
#[ignore = "started by the tests themselves"]
fn worker() {
    support::calls::work();
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use crate::support::files::Folder;
    use crate::support::processes::{Shared, Trouble, facts_of_processes};

    /// Nothing but the processes themselves is ever in trouble.
    struct File(String);

    impl Shared for File {
        fn url(&self) -> String {
            self.0.clone()
        }

        fn troubles(&self) -> &[Trouble] {
            &[]
        }

        fn make(&self, _: Trouble) {}

        fn mend(&self, _: Trouble) {}
    }

    fn shared() -> Option<File> {
        Some(File(Folder::new_url_here()))
    }

    facts_of_processes!(shared);
}
