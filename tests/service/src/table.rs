//! The fault table, `tests/faults/faults.json`, as far as the service needs it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What the service has to know of the table.
#[derive(Deserialize)]
pub(crate) struct Table {
    pub(crate) key: String,
    pub(crate) number: String,
    pub(crate) code: String,
    pub(crate) id: String,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) faults: Vec<Fault>,
}

impl Table {
    pub(crate) fn read() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("../../faults/faults.json"))
    }

    pub(crate) fn fault(&self, name: &str) -> Option<usize> {
        self.faults.iter().position(|fault| fault.name == name)
    }

    /// The faults of a response, which can strike any exchange.
    pub(crate) fn drawn(&self) -> Vec<usize> {
        (0..self.faults.len()).filter(|at| self.faults[*at].at.is_none() && self.faults[*at].random).collect()
    }
}

#[derive(Deserialize)]
pub(crate) struct Call {
    /// The exchange that a fault strikes.
    pub(crate) on: String,
}

#[derive(Deserialize)]
pub(crate) struct Fault {
    pub(crate) name: String,
    /// What is wrong before any request.
    pub(crate) at: Option<At>,
    pub(crate) certificate: Option<Certificate>,
    /// The client's, where `{at}` is the address that the service opened.
    pub(crate) proxy: Option<String>,
    /// `USER:PASSWORD`, which a SOCKS proxy wants.
    pub(crate) wants: Option<String>,
    /// The client's in place of an address of this machine, which no proxy is used for.
    pub(crate) base_url: Option<String>,
    #[serde(default = "yes")]
    pub(crate) accepts: bool,
    pub(crate) times: Option<u32>,
    /// Whether random runs draw it.
    #[serde(default = "yes")]
    random: bool,
    pub(crate) does: Vec<Step>,
    expect: Value,
}

impl Fault {
    /// Whether the client is to take what comes for the right response.
    pub(crate) fn is_good(&self) -> bool {
        self.expect == "good" || matches!(self.does.first(), Some(Step::Word(Word::Good)))
    }
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum At {
    /// Nobody listens.
    None,
    /// Nobody accepts.
    Full,
    Connect,
    Tls,
    /// At an HTTP proxy.
    Proxy,
    /// At a SOCKS5 proxy.
    Socks,
    /// The service opens nothing.
    Elsewhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certificate {
    Good,
    Unknown,
    /// Its own authority.
    Own,
    Expired,
    /// Of another host.
    Elsewhere,
    /// No TLS is spoken at all.
    None,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Word(Word),
    Raw {
        raw: Text,
        /// Milliseconds from byte to byte.
        every: Option<u64>,
    },
    Response {
        response: u16,
        headers: Option<BTreeMap<String, String>>,
        #[serde(default)]
        body: Text,
    },
    Wait {
        /// In milliseconds.
        wait: u64,
    },
    Flood {
        /// How many bytes.
        flood: usize,
    },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Word {
    Good,
    Hear,
    Close,
    Reset,
    Stall,
}

/// A text, whole or in pieces with how often each comes.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Whole(String),
    Pieces(Vec<(String, usize)>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Whole(String::new())
    }
}

impl Text {
    pub(crate) fn whole(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Pieces(pieces) => pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect(),
        }
    }
}
