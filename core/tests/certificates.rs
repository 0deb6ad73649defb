//! The certificate of the PostgreSQL manual, which is its own root, where it is given as trusted: for HTTPS, PostgreSQL and
//! Redis alike; and `sslmode` as libpq has it. The servers are real.

#![cfg(all(unix, feature = "postgres", feature = "redis"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support {
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod post;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod postgres_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod redis_server;
    #[allow(dead_code, reason = "each program of tests needs some of it")]
    pub(crate) mod server;
    pub(crate) mod service;
}

use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use egoi_verify::{CallOptions, Client, ClientOptions, Engine, EngineOptions, Store};
use support::post::Post;
use support::postgres_server::{self, PostgresServer};
use support::redis_server::{self, RedisServer};
use support::server;
use support::service::{Greeting, Service, json};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where a trial connects to, and the file that it gives as `ca_certificates`.
const TRIAL: &str = "EGOI_VERIFY_TRIAL";
const GIVEN: &str = "EGOI_VERIFY_TRIAL_CA";

/// The environment belongs to a process, so each trial is one: this test, with an environment. Without, it does nothing.
#[tokio::test]
async fn trial() {
    let Ok(url) = std::env::var(TRIAL) else { return };
    let given = std::env::var_os(GIVEN).map(|path| std::fs::read(path).unwrap());
    let done = if url.starts_with("https:") {
        let options = ClientOptions::new("key", "1").base_url(url).ca_certificates(given.unwrap_or_default());
        Client::new(options).unwrap().ping(CallOptions::default()).await
    } else {
        let store = Store::new(url).key([7; 32]);
        let store = match given {
            Some(pem) => store.ca_certificates(pem),
            None => store,
        };
        let engine = Engine::new(Post::default(), EngineOptions::default().store(store)).unwrap();
        engine.ping(CallOptions::default()).await
    };
    done.unwrap();
}

/// Whether it connects, and what it says.
async fn tried(url: &str, environment: &[(&str, &Path)]) -> (bool, String) {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "trial", "--nocapture"]).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    again.env(TRIAL, url).envs(environment.iter().copied());
    let done = tokio::task::spawn_blocking(move || again.output()).await.unwrap().unwrap();
    let output = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(output.contains("1 test") || output.contains("panicked"), "the trial ran: {output}");
    (done.status.success(), output)
}

/// A folder with `server.crt` and `server.key`, as "Creating Certificates" in the PostgreSQL manual makes them.
fn made_by_the_manual() -> PathBuf {
    let folder = server::folder("certificate");
    let made = Command::new("openssl")
        .args([
            "req",
            "-new",
            "-x509",
            "-days",
            "365",
            "-nodes",
            "-text",
            "-out",
            "server.crt",
            "-keyout",
            "server.key",
        ])
        .args(["-subj", "/CN=dbhost.yourdomain.com"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let owner = std::fs::metadata(&folder).unwrap();
    for name in ["server.crt", "server.key"] {
        let path = folder.join(name);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    folder
}

fn is_here() -> bool {
    postgres_server::is_here() && redis_server::is_here() && server::program("openssl", &[], "CERTIFICATES").is_some()
}

fn postgres_with(folder: &Path, settings: &[&str]) -> PostgresServer {
    let file = |setting: &str, name: &str| format!("{setting}={}", folder.join(name).display());
    let (certificate, key) = (file("ssl_cert_file", "server.crt"), file("ssl_key_file", "server.key"));
    PostgresServer::start(&[&["ssl=on", &certificate, &key, "log_connections=on"], settings].concat())
}

/// How many connections it has let in over TLS.
fn over_tls(server: &PostgresServer) -> usize {
    let log = std::fs::read_to_string(server.folder.join("log")).unwrap();
    log.lines().filter(|line| line.contains("connection authorized") && line.contains("SSL enabled")).count()
}

/// The server, and its port for TLS.
fn redis_with(folder: &Path) -> (RedisServer, u16) {
    let (port, file) = (server::free_port(), |name: &str| folder.join(name).to_str().unwrap().to_owned());
    let (certificate, key, tls_port) = (file("server.crt"), file("server.key"), port.to_string());
    let tls = ["--tls-port", &tls_port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let more = ["--tls-ca-cert-file", &certificate, "--tls-auth-clients", "no"];
    (RedisServer::start(&[tls.as_slice(), &more].concat()), port)
}

async fn https_with(folder: &Path) -> Service {
    let certificates = CertificateDer::pem_file_iter(folder.join("server.crt")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    Service::with_tls(Some(TlsAcceptor::from(Arc::new(config))), Greeting::Wait, |_| json(200, r#"{"apiStatus":"Up"}"#))
        .await
}

#[tokio::test]
async fn a_certificate_that_is_its_own_root_is_accepted_where_it_is_given_and_nowhere_else() {
    if !is_here() {
        return;
    }
    let (folder, other) = (made_by_the_manual(), made_by_the_manual());
    let (certificate, others) = (folder.join("server.crt"), other.join("server.crt"));
    let (postgres, (redis, redis_port), https) =
        (postgres_with(&folder, &[]), redis_with(&folder), https_with(&folder).await);
    let postgres_url = format!("{}&sslmode=require", postgres.url());
    let redis_url =
        redis.url().replace("redis://", "rediss://").replace(&redis.port.to_string(), &redis_port.to_string());
    for (what, url) in [("HTTPS", &https.url), ("PostgreSQL", &postgres_url), ("Redis", &redis_url)] {
        // The option is one of PostgreSQL's URL.
        let (url_with, url_with_other, option) = if what == "PostgreSQL" {
            let with = |path: &Path| format!("{url}&sslrootcert={}", path.display());
            (with(&certificate), with(&others), None)
        } else {
            (url.clone(), url.clone(), Some(GIVEN))
        };
        let by_option = |path| option.map(|name| (name, path));
        let given: Vec<_> = by_option(certificate.as_path()).into_iter().collect();
        let given_other: Vec<_> = by_option(others.as_path()).into_iter().collect();
        let trials = [
            ("the option", &url_with, given.as_slice(), true),
            ("another's as the option", &url_with_other, given_other.as_slice(), false),
            ("SSL_CERT_FILE", url, &[("SSL_CERT_FILE", certificate.as_path())], true),
            ("another's as SSL_CERT_FILE", url, &[("SSL_CERT_FILE", others.as_path())], false),
            ("SSL_CERT_DIR", url, &[("SSL_CERT_DIR", folder.as_path())], true),
            ("another's as SSL_CERT_DIR", url, &[("SSL_CERT_DIR", other.as_path())], false),
            ("nothing", url, &[], false),
        ];
        for (way, url, environment, is_accepted) in trials {
            let (accepted, output) = tried(url, environment).await;
            assert_eq!(accepted, is_accepted, "{what}, {way}: {output}");
        }
    }
    for folder in [folder, other] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test]
async fn prefer_encrypts_where_the_server_can_and_checks_no_certificate() {
    if !is_here() {
        return;
    }
    let (folder, other) = (made_by_the_manual(), made_by_the_manual());
    let server = postgres_with(&folder, &[]);
    let url = format!("{}&sslmode=prefer", server.url());
    let before = over_tls(&server);
    let (accepted, output) = tried(&url, &[]).await;
    assert!(accepted && over_tls(&server) > before, "{output}");
    let with = |folder: &Path| format!("{url}&sslrootcert={}", folder.join("server.crt").display());
    let before = over_tls(&server);
    assert!(tried(&with(&folder), &[]).await.0 && over_tls(&server) > before, "the root that is given is the server's");
    let before = over_tls(&server);
    let (accepted, output) = tried(&with(&other), &[]).await;
    assert!(accepted && over_tls(&server) == before, "as libpq, without TLS where the root is another's: {output}");
    let (accepted, output) = tried(&with(&other).replace("prefer", "require"), &[]).await;
    assert!(!accepted && output.contains("UnknownIssuer"), "what is required is checked: {output}");
    for folder in [folder, other] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// A role `either`; `encrypted`, which logs in with TLS only; and `plain`, which logs in without it only.
fn with_roles(folder: &Path, settings: &[&str]) -> PostgresServer {
    let rules = folder.join("pg_hba.conf");
    let lines = "host all egoi,either 127.0.0.1/32 trust\nhostssl all encrypted 127.0.0.1/32 trust\n\
                 hostnossl all plain 127.0.0.1/32 trust\n";
    std::fs::write(&rules, lines).unwrap();
    let server = postgres_with(folder, &[&[format!("hba_file={}", rules.display()).as_str()], settings].concat());
    for role in ["either", "encrypted", "plain"] {
        let output = server.sql(&format!("CREATE ROLE {role} LOGIN SUPERUSER"));
        assert!(output.is_empty(), "{output}");
    }
    server
}

#[tokio::test]
async fn prefer_and_allow_try_the_other_way_where_the_login_is_refused() {
    if !is_here() {
        return;
    }
    let folder = made_by_the_manual();
    let server = with_roles(&folder, &[]);
    for (mode, role, is_accepted, is_encrypted) in [
        ("prefer", "either", true, true),
        ("prefer", "encrypted", true, true),
        ("prefer", "plain", true, false),
        ("allow", "either", true, false),
        ("allow", "encrypted", true, true),
        ("allow", "plain", true, false),
        ("require", "plain", false, false),
        ("disable", "encrypted", false, false),
        ("prefer", "nobody", false, false),
        ("allow", "nobody", false, false),
    ] {
        let (url, before) = (server.url().replace("egoi:", &format!("{role}:")), over_tls(&server));
        let root = folder.join("server.crt");
        let (accepted, output) = tried(&format!("{url}&sslmode={mode}&sslrootcert={}", root.display()), &[]).await;
        assert_eq!((accepted, over_tls(&server) > before), (is_accepted, is_encrypted), "{mode} as {role}: {output}");
        assert!(is_accepted || output.contains("pg_hba.conf entry"), "{mode} as {role}: {output}");
    }
    // Another server's failure hides no refusal.
    let two = server.url().replace("egoi:", "plain:").replace("/postgres?", ",127.0.0.1:1/postgres?");
    let (accepted, output) = tried(&format!("{two}&sslmode=prefer"), &[]).await;
    assert!(accepted, "{two}: {output}");
    // A database that is not there is named, though the login before it was refused.
    let no_database = server.url().replace("egoi:", "plain:").replace("/postgres?", "/nosuch?");
    let (accepted, output) = tried(&format!("{no_database}&sslmode=prefer"), &[]).await;
    assert!(!accepted && output.contains("no such database"), "{output}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn prefer_goes_without_tls_where_the_handshake_fails() {
    if !is_here() {
        return;
    }
    let folder = made_by_the_manual();
    // No cipher that both sides have.
    let server = with_roles(&folder, &["ssl_max_protocol_version=TLSv1.2", "ssl_ciphers=AES128-SHA"]);
    let (accepted, output) = tried(&format!("{}&sslmode=prefer", server.url()), &[]).await;
    assert!(accepted && over_tls(&server) == 0, "{output}");
    let encrypted = server.url().replace("egoi:", "encrypted:");
    let (accepted, output) = tried(&format!("{encrypted}&sslmode=prefer"), &[]).await;
    let both = output.contains("HandshakeFailure") && output.contains("pg_hba.conf entry");
    assert!(!accepted && both, "each way's failure is shown: {output}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn prefer_goes_without_tls_where_the_server_has_none() {
    if !is_here() {
        return;
    }
    let server = PostgresServer::start(&[]);
    let (accepted, output) = tried(&format!("{}&sslmode=prefer", server.url()), &[]).await;
    assert!(accepted, "{output}");
    let (accepted, output) = tried(&format!("{}&sslmode=require", server.url()), &[]).await;
    assert!(!accepted, "{output}");
}
