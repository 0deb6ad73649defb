//! Whose certificates are believed, as a ready rustls configuration: nothing process-wide is installed.

use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, ErrorCode, Reason};

/// Whose certificates are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Trust {
    /// Mozilla's roots, which come with the library, or those of the file that `SSL_CERT_FILE` names.
    #[default]
    Bundled,
    /// What the operating system trusts, by its own verifier.
    Platform,
}

impl FromStr for Trust {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "bundled" => Ok(Self::Bundled),
            "platform" => Ok(Self::Platform),
            _ => Err(Error::invalid_input("trust", Reason::UnknownValue, "is not one of `bundled` and `platform`")),
        }
    }
}

/// `protocols` are those that are offered, by their ALPN names.
pub(crate) fn config(trust: Trust, more: &[u8], protocols: &[&[u8]]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::new(ErrorCode::Internal, "TLS could not be set up").with_cause(error))?;
    let more = if more.is_empty() { Vec::new() } else { certificates("ca_certificates", more)? };
    let mut config = match trust {
        Trust::Bundled => builder.with_root_certificates(bundled(more)?).with_no_client_auth(),
        Trust::Platform => {
            let verifier = platform(more, provider).map_err(|error| {
                Error::invalid_input("trust", Reason::Unreadable, "the platform's certificates could not be read")
                    .with_cause(error)
            })?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

#[cfg(not(target_os = "android"))]
fn platform(
    more: Vec<CertificateDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(more, provider)
}

/// Android's verifier takes no certificates but its own.
#[cfg(target_os = "android")]
fn platform(
    more: Vec<CertificateDer<'static>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    if more.is_empty() {
        rustls_platform_verifier::Verifier::new(provider)
    } else {
        Err(rustls::Error::General("Android's own trust cannot be extended; use the bundled one".to_owned()))
    }
}

/// Mozilla's roots, or those of the file that `SSL_CERT_FILE` names in their place, as OpenSSL does.
fn bundled(more: Vec<CertificateDer<'static>>) -> Result<RootCertStore, Error> {
    const VARIABLE: &str = "SSL_CERT_FILE";
    let mut roots = RootCertStore::empty();
    match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| {
                Error::invalid_input(VARIABLE, Reason::Unreadable, "cannot be read").with_cause(error)
            })?;
            // A system's bundle may hold an old certificate that cannot be used; the others can.
            let (added, _) = roots.add_parsable_certificates(certificates(VARIABLE, &pem)?);
            if added == 0 {
                return Err(Error::invalid_input(VARIABLE, Reason::Malformed, "has no certificate that can be used"));
            }
        }
    }
    for certificate in more {
        roots.add(certificate).map_err(|error| {
            Error::invalid_input("ca_certificates", Reason::Malformed, "has a certificate that cannot be used")
                .with_cause(error)
        })?;
    }
    Ok(roots)
}

fn certificates(field: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refuse = || Error::invalid_input(field, Reason::Malformed, "is not PEM with at least one certificate");
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| refuse())?;
    if found.is_empty() { Err(refuse()) } else { Ok(found) }
}
