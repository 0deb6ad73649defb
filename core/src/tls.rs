//! Which certificates are trusted, as a rustls configuration. The library installs no process-wide provider.

use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::{Error, ErrorCode, Reason};

/// Which certificates are trusted.
///
/// ```
/// use egoi_verify::{ClientOptions, Trust};
///
/// let options = ClientOptions::new("key", "1234").trust(Trust::Platform);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Trust {
    /// Mozilla's roots, which come with the library. The certificates of `SSL_CERT_FILE` (a file) and
    /// `SSL_CERT_DIR` (folders) replace them.
    #[default]
    Bundled,
    /// The certificates that the operating system trusts, by its own verifier.
    Platform,
}

impl FromStr for Trust {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "bundled" => Ok(Self::Bundled),
            "platform" => Ok(Self::Platform),
            _ => Err(Error::invalid_input(
                "trust",
                Reason::UnknownValue,
                "is unknown; it must be `bundled` or `platform`",
            )),
        }
    }
}

/// `protocols` are those that are offered, by their ALPN names.
pub(crate) fn config(trust: Trust, more: &[u8], protocols: &[&[u8]]) -> Result<ClientConfig, Error> {
    let more = if more.is_empty() { Vec::new() } else { certificates("ca_certificates", more)? };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Bundled => {
            let (roots, given) = bundled(more)?;
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(cannot_be_set_up)?;
            Arc::new(Verifier { certificates: Certificates::Trusted { inner, given }, provider: Arc::clone(&provider) })
        }
        Trust::Platform => Arc::new(platform(more, Arc::clone(&provider)).map_err(|error| {
            Error::invalid_input("trust", Reason::Unreadable, "the platform's certificates could not be read")
                .with_cause(error)
        })?),
    };
    verified_by(verifier, provider, protocols)
}

/// A configuration that encrypts and checks no certificate, for libpq's `sslmode=prefer`.
#[cfg(feature = "postgres")]
pub(crate) fn unchecked() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier { certificates: Certificates::Any, provider: Arc::clone(&provider) };
    verified_by(Arc::new(verifier), provider, &[])
}

fn verified_by(
    verifier: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
    protocols: &[&[u8]],
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::new(ErrorCode::Internal, "TLS could not be set up").with_cause(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn cannot_be_set_up(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorCode::Internal, "TLS could not be set up").with_cause(error)
}

/// The accepted certificates of the server. The server must always prove that it has the certificate's key.
#[derive(Debug)]
enum Certificates {
    /// A certificate that a root signed, or one of the given certificates itself. A given certificate may be its own root and sign
    /// others, as `openssl req -x509` makes it: the usual verifier refuses it.
    Trusted { inner: Arc<WebPkiServerVerifier>, given: Vec<CertificateDer<'static>> },
    /// Any.
    #[cfg(feature = "postgres")]
    Any,
}

#[derive(Debug)]
struct Verifier {
    certificates: Certificates,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let (inner, given) = match &self.certificates {
            Certificates::Trusted { inner, given } => (inner, given),
            #[cfg(feature = "postgres")]
            Certificates::Any => return Ok(ServerCertVerified::assertion()),
        };
        let verified = inner.verify_server_cert(certificate, intermediates, name, ocsp, now);
        // Its validity was checked before that it may sign others was found fault with.
        match verified {
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(fault)))
                if format!("{fault:?}").contains("CaUsedAsEndEntity") =>
            {
                if !given.contains(certificate) {
                    return Err(CertificateError::UnknownIssuer.into());
                }
                match verify_server_name(&ParsedCertificate::try_from(certificate)?, name) {
                    // Without any name, as the manual of PostgreSQL makes it, it stands for whoever has its key.
                    Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                        presented,
                        ..
                    })) if presented.is_empty() => Ok(ServerCertVerified::assertion()),
                    named => named.map(|()| ServerCertVerified::assertion()),
                }
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(not(target_os = "android"))]
fn platform(
    more: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(more, provider)
}

/// Android's verifier takes no certificates but its own.
#[cfg(target_os = "android")]
fn platform(
    more: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    if more.is_empty() {
        rustls_platform_verifier::Verifier::new(provider)
    } else {
        Err(rustls::Error::General("Android's own trust cannot be extended; use the bundled one".to_owned()))
    }
}

/// Mozilla's roots, or the certificates of `SSL_CERT_FILE` and `SSL_CERT_DIR` in their place, as in OpenSSL. Also returns the
/// given certificates among them.
fn bundled(more: Vec<CertificateDer<'static>>) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Error> {
    let mut roots = RootCertStore::empty();
    let mut given = Vec::new();
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let (file, folders) = (variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"));
    if file.is_none() && folders.is_none() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = file {
        let pem = std::fs::read(&path).map_err(|error| cannot_be_read("SSL_CERT_FILE", Path::new(&path), error))?;
        given.extend(certificates("SSL_CERT_FILE", &pem).map_err(|error| {
            let fault = format_args!("names {}, which is not PEM with a certificate", Path::new(&path).display());
            Error::invalid_input("SSL_CERT_FILE", Reason::Malformed, fault).with_cause(error)
        })?);
        add_usable("SSL_CERT_FILE", &mut roots, &given)?;
    }
    if let Some(folders) = folders {
        let mut found = Vec::new();
        for folder in std::env::split_paths(&folders) {
            let files = std::fs::read_dir(&folder).map_err(|error| cannot_be_read("SSL_CERT_DIR", &folder, error))?;
            // Whatever else lies there is passed over, as OpenSSL does.
            let read = files.flatten().filter_map(|file| std::fs::read(file.path()).ok());
            found.extend(read.flat_map(|pem| CertificateDer::pem_slice_iter(&pem).flatten().collect::<Vec<_>>()));
        }
        add_usable("SSL_CERT_DIR", &mut roots, &found)?;
        given.extend(found);
    }
    for certificate in &more {
        roots.add(certificate.clone()).map_err(|error| {
            Error::invalid_input("ca_certificates", Reason::Unreadable, "has a certificate that cannot be used")
                .with_cause(error)
        })?;
    }
    given.extend(more);
    Ok((roots, given))
}

fn cannot_be_read(variable: &str, path: &Path, error: io::Error) -> Error {
    let fault = format_args!("names {}, which cannot be read ({error}): correct or remove it", path.display());
    Error::invalid_input(variable, Reason::Unreadable, fault).with_cause(error)
}

/// Adds the usable certificates. A system's bundle may hold an old certificate that is not usable.
fn add_usable(field: &str, roots: &mut RootCertStore, found: &[CertificateDer<'static>]) -> Result<(), Error> {
    let (added, _) = roots.add_parsable_certificates(found.iter().cloned());
    if added == 0 {
        return Err(Error::invalid_input(field, Reason::Unreadable, "has no certificate that can be used"));
    }
    Ok(())
}

fn certificates(field: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let refuse =
        || Error::invalid_input(field, Reason::Malformed, "has no certificate; it must be PEM with at least one");
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| refuse())?;
    if found.is_empty() { Err(refuse()) } else { Ok(found) }
}
