//! The cable to a server, which can be pulled, and which can lose answers to what was done.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering};
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
    server: AtomicU16,
    refused: AtomicU32,
    fate: AtomicU8,
    open: Mutex<Vec<Line>>,
}

/// A connection that was made over the cable.
struct Line {
    ends: [TcpStream; 2],
    is_silent: Arc<AtomicBool>,
}

impl Cable {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let fate = AtomicU8::new(Fate::Arrives as u8);
        let ends = Arc::new(Ends { server: server.into(), refused: AtomicU32::new(0), fate, open: Mutex::default() });
        let at_work = Arc::clone(&ends);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if at_work.is(Fate::Cut) {
                    at_work.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let server = at_work.server.load(Ordering::SeqCst);
                let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let is_silent = Arc::<AtomicBool>::default();
                let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                at_work.open.lock().unwrap().push(Line { ends, is_silent: Arc::clone(&is_silent) });
                for (mut from, mut to, is_answer) in
                    [(near.try_clone().unwrap(), far.try_clone().unwrap(), false), (far, near, true)]
                {
                    let (ends, is_silent) = (Arc::clone(&at_work), Arc::clone(&is_silent));
                    std::thread::spawn(move || {
                        let mut some = [0; 4096];
                        while let Ok(length @ 1..) = from.read(&mut some) {
                            if is_silent.load(Ordering::SeqCst) {
                                continue;
                            }
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
            for end in self.ends.open.lock().unwrap().drain(..).flat_map(|line| line.ends) {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }

    /// Nothing goes through any more over the connections of now, and nothing says so: as when a NAT has forgotten them. Those
    /// that are made later are as good as ever.
    pub(crate) fn silence(&self) {
        for line in &*self.ends.open.lock().unwrap() {
            line.is_silent.store(true, Ordering::SeqCst);
        }
    }

    /// Where connections lead that are made from now on; those of now stay.
    pub(crate) fn lead_to(&self, server: u16) {
        self.ends.server.store(server, Ordering::SeqCst);
    }

    /// How many connections it did not let through.
    pub(crate) fn refused(&self) -> u32 {
        self.ends.refused.load(Ordering::SeqCst)
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
