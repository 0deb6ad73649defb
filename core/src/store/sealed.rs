//! What a store that outlives the process keeps of a number and a message: nothing that its dump would show.
//!
//! A code is not kept at all, only its HMAC, which the engine makes.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, Generate as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{ClientHash, Counted, Digest, NewClaim, StoredTerms};
use crate::error::{Error, ErrorCode, Reason};
use crate::sms::MessageTemplate;
use crate::values::{CodeSize, CodeType, EngineKey, PhoneNumber, Validity};
use crate::verification::Terms;

/// The first byte of what is sealed, so that another way of sealing can be told apart.
const FORM: u8 = 1;

/// By what a key is known again: it says nothing about the key.
pub(crate) type KeyCheck = [u8; 16];

/// A secret of the database's own, which stays the same when the engine's keys change.
#[cfg(feature = "redis")]
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// What a sealed secret is for.
#[cfg(feature = "redis")]
const SECRET: &[u8] = b"egoi-verify secret of the database";

/// Seals under the key in use; opens, and finds again, under the previous ones too.
pub(crate) struct Seal {
    /// The key in use first.
    keys: Vec<Keys>,
}

/// Three keys for three uses, derived from one of the engine's.
struct Keys {
    content: XChaCha20Poly1305,
    number: Hmac<Sha256>,
    check: KeyCheck,
}

/// What [`Seal::open`] takes apart: number, client, code type, code size, validity, group, message.
type Content = ((u16, u8, u64), Option<(u64, u64)>, String, u32, u64, String, String);

/// Whom an SMS is counted for, by what stands for each under every key, the one in use first. Nothing where nobody is.
#[derive(Default)]
pub(crate) struct Tags {
    pub(crate) number: Vec<Digest>,
    pub(crate) client: Vec<Digest>,
    pub(crate) prefix: Vec<Digest>,
}

impl Seal {
    pub(crate) fn new(keys: &[EngineKey]) -> Result<Self, Error> {
        Ok(Self { keys: keys.iter().map(Keys::derive).collect::<Result<_, _>>()? })
    }

    fn in_use(&self) -> Result<&Keys, Error> {
        self.keys.first().ok_or_else(|| Error::new(ErrorCode::Internal, "the store has no key"))
    }

    /// What is kept of number and message, for this request alone.
    pub(crate) fn seal(&self, id: u128, given: &StoredTerms) -> Result<Vec<u8>, Error> {
        let Terms { message, code_type, code_size, validity, group } = &*given.terms;
        let content = (
            given.number.parts(),
            given.client.map(halves),
            code_type.as_str(),
            code_size.get() as u32,
            u64::from(validity.seconds()),
            group,
            message.as_str(),
        );
        let failed = || Error::new(ErrorCode::Internal, "number and message could not be encrypted");
        let content = Zeroizing::new(serde_json::to_vec(&content).map_err(|_| failed())?);
        let nonce = XNonce::try_generate().map_err(|_| Error::new(ErrorCode::Internal, "there is no randomness"))?;
        let sealed = self
            .in_use()?
            .content
            .encrypt(&nonce, Payload { msg: &content, aad: &id.to_be_bytes() })
            .map_err(|_| failed())?;
        Ok([&[FORM], nonce.as_slice(), &sealed].concat())
    }

    /// Number and message again. What was not sealed under one of the keys for this request is a `storage` error.
    pub(crate) fn open(&self, id: u128, sealed: &[u8]) -> Result<StoredTerms, Error> {
        let unreadable = || {
            Error::misconfigured(
                "key",
                Reason::WrongKey,
                "a request is not readable under the `key` and `previous_keys`: it was made under another key, or \
                 another program changed it",
            )
        };
        let [FORM, rest @ ..] = sealed else {
            return Err(Error::misconfigured(
                "store",
                Reason::NewerVersion,
                "a request was written by a newer version of this library, which has to read it",
            ));
        };
        let (nonce, content) = rest.split_first_chunk::<24>().ok_or_else(unreadable)?;
        let (nonce, id) = (XNonce::from(*nonce), id.to_be_bytes());
        let opened =
            self.keys.iter().find_map(|keys| keys.content.decrypt(&nonce, Payload { msg: content, aad: &id }).ok());
        let opened = Zeroizing::new(opened.ok_or_else(unreadable)?);
        let (number, client, code_type, code_size, validity, group, message): Content =
            serde_json::from_slice(&opened).map_err(|_| unreadable())?;
        Ok(StoredTerms {
            number: PhoneNumber::from_parts(number),
            client: client.map(whole),
            terms: Arc::new(Terms {
                message: MessageTemplate::from_checked(message),
                code_type: code_type.parse::<CodeType>().map_err(|_| unreadable())?,
                code_size: CodeSize::new(code_size).map_err(|_| unreadable())?,
                validity: Validity::new(std::time::Duration::from_secs(validity)).map_err(|_| unreadable())?,
                group,
            }),
        })
    }

    /// Whether no key was changed, so that all that is stored is under the one in use.
    pub(crate) fn has_one_key(&self) -> bool {
        self.keys.len() == 1
    }

    /// The same of a request that lives on, where it may have been sealed under a previous key.
    pub(crate) fn seal_anew(&self, id: u128, given: &StoredTerms) -> Result<Option<Vec<u8>>, Error> {
        if self.has_one_key() { Ok(None) } else { self.seal(id, given).map(Some) }
    }

    /// What stands for a number where it has to be found again: under every key, the one in use first.
    ///
    /// While keys change, a store looks for all of these and locks all of them. It writes the first only, and moves what was
    /// counted under another there, so that a previous key is needed for as long as what was not written since counts.
    pub(crate) fn number_tags(&self, number: PhoneNumber) -> Vec<Digest> {
        let (calling_code, leading_zeros, national) = number.parts();
        self.tags(&[&calling_code.to_be_bytes(), &[leading_zeros], &national.to_be_bytes()])
    }

    /// The same for a client.
    pub(crate) fn client_tags(&self, client: ClientHash) -> Vec<Digest> {
        self.tags(&[b"client", &client])
    }

    /// The same for all that an SMS is counted for.
    pub(crate) fn counted_tags(&self, counted: &Counted) -> Tags {
        let prefix = |prefix: u64| self.tags(&[b"prefix", &prefix.to_be_bytes()]);
        Tags {
            number: self.number_tags(counted.number),
            client: counted.client.map(|client| self.client_tags(client)).unwrap_or_default(),
            prefix: counted.prefix.map(prefix).unwrap_or_default(),
        }
    }

    /// The same for the SMS of a claim: no number where it is not counted.
    pub(crate) fn claimed_tags(&self, claim: &NewClaim) -> Tags {
        let tags = self.counted_tags(&claim.limits.counted(claim.number, claim.client));
        if claim.limits.of_number().count_sms() { tags } else { Tags { number: Vec::new(), ..tags } }
    }

    fn tags(&self, parts: &[&[u8]]) -> Vec<Digest> {
        let under = |keys: &Keys| {
            let mut mac = keys.number.clone();
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes().into()
        };
        self.keys.iter().map(under).collect()
    }

    /// What the database of a cluster keeps of its secret under the key in use.
    #[cfg(feature = "redis")]
    pub(crate) fn seal_secret(&self, secret: &Secret) -> Result<(KeyCheck, Vec<u8>), Error> {
        let failed = || Error::new(ErrorCode::Internal, "the secret of the database could not be encrypted");
        let nonce = XNonce::try_generate().map_err(|_| Error::new(ErrorCode::Internal, "there is no randomness"))?;
        let in_use = self.in_use()?;
        let sealed = in_use.content.encrypt(&nonce, Payload { msg: &**secret, aad: SECRET }).map_err(|_| failed())?;
        Ok((in_use.check, [nonce.as_slice(), &sealed].concat()))
    }

    /// The secret again, from what is kept under one of the keys.
    #[cfg(feature = "redis")]
    pub(crate) fn open_secret(&self, known: &[(Vec<u8>, Vec<u8>)]) -> Option<Secret> {
        known.iter().find_map(|(check, sealed)| {
            let keys = self.keys.iter().find(|keys| keys.check == **check)?;
            let (nonce, content) = sealed.split_first_chunk::<24>()?;
            let payload = Payload { msg: content, aad: SECRET };
            let opened = Zeroizing::new(keys.content.decrypt(&XNonce::from(*nonce), payload).ok()?);
            <[u8; 32]>::try_from(&**opened).ok().map(Zeroizing::new)
        })
    }

    /// Whether a store whose users had these keys may be used with the present ones, and what it has to add to them.
    pub(crate) fn check(&self, known: &[impl AsRef<[u8]>]) -> Result<Option<KeyCheck>, Error> {
        let is_known = |keys: &Keys| known.iter().any(|known| known.as_ref() == keys.check);
        let in_use = self.in_use()?;
        if is_known(in_use) {
            Ok(None)
        } else if known.is_empty() || self.keys.iter().any(is_known) {
            Ok(Some(in_use.check))
        } else {
            Err(Error::misconfigured(
                "key",
                Reason::WrongKey,
                "the `key` is not the key of this store: give the store's key as `key`, or to change it, in `previous_keys`",
            ))
        }
    }
}

/// As JSON can hold it.
fn halves(client: ClientHash) -> (u64, u64) {
    let whole = u128::from_be_bytes(client);
    ((whole >> 64) as u64, whole as u64)
}

fn whole((high, low): (u64, u64)) -> ClientHash {
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

impl Keys {
    fn derive(key: &EngineKey) -> Result<Self, Error> {
        let secret = Hkdf::<Sha256>::new(Some(b"egoi-verify store 1"), key.expose());
        let (mut content, mut number) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        let mut check = KeyCheck::default();
        let failed = || Error::new(ErrorCode::Internal, "the store's keys could not be derived");
        for (purpose, derived) in
            [("content", &mut content[..]), ("number", &mut number[..]), ("check", &mut check[..])]
        {
            secret.expand(purpose.as_bytes(), derived).map_err(|_| failed())?;
        }
        let number = Hmac::new_from_slice(&*number).map_err(|_| failed())?;
        Ok(Self { content: XChaCha20Poly1305::new((&*content).into()), number, check })
    }
}
