//! The cable to a server, which can be pulled, and which can lose answers to what was done.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

/// What becomes of what goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fate {
    /// It arrives.
    Arrives,
    /// What is sent to the server arrives, and the connection is cut in the place of its answer, once: then it arrives.
    AnswerIsLost,
    /// Nothing goes through, and nobody can connect.
    Cut,
}

/// A port on 127.0.0.1 that leads to a server's.
pub(crate) struct Cable {
    /// Where to connect to.
    pub(crate) port: u16,
    ends: Arc<Ends>,
}

struct Ends {
    fate: AtomicU8,
    open: Mutex<Vec<TcpStream>>,
}

impl Cable {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ends = Arc::new(Ends { fate: AtomicU8::new(Fate::Arrives as u8), open: Mutex::default() });
        let at_work = Arc::clone(&ends);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if at_work.is(Fate::Cut) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let mut open = at_work.open.lock().unwrap();
                open.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                drop(open);
                for (mut from, mut to, is_answer) in
                    [(near.try_clone().unwrap(), far.try_clone().unwrap(), false), (far, near, true)]
                {
                    let ends = Arc::clone(&at_work);
                    std::thread::spawn(move || {
                        let mut some = [0; 4096];
                        while let Ok(length @ 1..) = from.read(&mut some) {
                            if is_answer && ends.loses_this_answer() {
                                break;
                            }
                            if to.write_all(&some[..length]).is_err() {
                                break;
                            }
                        }
                        for end in [from, to] {
                            let _ = end.shutdown(Shutdown::Both);
                        }
                    });
                }
            }
        });
        Self { port, ends }
    }

    /// What is to become of what goes through from now on.
    pub(crate) fn set(&self, fate: Fate) {
        self.ends.fate.store(fate as u8, Ordering::SeqCst);
        if fate == Fate::Cut {
            for end in self.ends.open.lock().unwrap().drain(..) {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }

    /// Whether an answer was to be lost, and was.
    pub(crate) fn has_lost_one(&self) -> bool {
        self.ends.is(Fate::Arrives)
    }
}

impl Ends {
    fn is(&self, fate: Fate) -> bool {
        self.fate.load(Ordering::SeqCst) == fate as u8
    }

    fn loses_this_answer(&self) -> bool {
        let (lost, arrives) = (Fate::AnswerIsLost as u8, Fate::Arrives as u8);
        self.fate.compare_exchange(lost, arrives, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}
