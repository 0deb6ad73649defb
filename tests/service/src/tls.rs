//! Certificates, right and wrong.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use crate::table::Certificate;

/// What a proxy connects to, that is, to the service itself. The address is reserved for documentation.
pub(crate) const BEHIND_PROXY: [&str; 2] = ["service.example", "203.0.113.9"];

/// An authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// Its own certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Speaks TLS with such a certificate; none where no TLS is spoken.
    pub(crate) fn acceptor(&self, certificate: Certificate) -> Result<Option<TlsAcceptor>, Box<dyn Error>> {
        let hosts = if certificate == Certificate::Elsewhere {
            vec!["example.com".to_owned()]
        } else {
            std::iter::once("127.0.0.1").chain(BEHIND_PROXY).map(str::to_owned).collect()
        };
        let mut params = CertificateParams::new(hosts)?;
        if certificate == Certificate::Expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate()?;
        if certificate == Certificate::Own {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let signed = match certificate {
            Certificate::None => return Ok(None),
            Certificate::Own => params.self_signed(&key)?,
            Certificate::Unknown => params.signed_by(&key, &Self::new()?.0)?,
            _ => params.signed_by(&key, &self.0)?,
        };
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key.serialize_der().try_into()?)?;
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}
