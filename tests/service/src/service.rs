//! The listeners, and what is asked of the service itself.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use url::form_urlencoded;

use crate::http::arriving;
use crate::session::{Script, Session};
use crate::socks;
use crate::steps::{Action, Texts, Then, actions, perform};
use crate::table::{At, Table};
use crate::tls::Authority;
use crate::toxics::{Toxics, Toxiproxy};
use crate::world::Arrived;

type Shared = Rc<RefCell<Session>>;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) struct Service {
    table: Table,
    authority: Authority,
    toxics: Toxics,
    /// Where toxiproxy is to be found, and what became of starting it.
    toxiproxy: (Option<String>, OnceCell<Toxiproxy>),
    address: SocketAddr,
    sessions: RefCell<HashMap<u64, Shared>>,
    /// The listeners of random runs, oldest first.
    runs: RefCell<VecDeque<(u64, AbortHandle)>>,
    opened: Cell<u64>,
    /// Where nobody listens or accepts: kept, so that nobody else takes their place.
    held: RefCell<Vec<(Socket, Vec<TcpStream>)>>,
}

/// What a listener does with a connection.
#[derive(Clone)]
enum Door {
    /// Requests below `/s/ID`, and those to the service itself.
    Main,
    /// Requests of this session.
    Session(Shared),
    /// This fault, before any request.
    Fault(Shared, usize),
    /// Requests of this session over TLS.
    Tls(Shared, TlsAcceptor),
    /// A request to a proxy, which meets this fault; where there is a certificate, a tunnel to the session.
    Proxy(Shared, usize, Option<TlsAcceptor>),
    /// A SOCKS5 proxy of this fault, before the session.
    Socks(Shared, usize, TlsAcceptor),
}

impl Service {
    /// Listens on a free port of this machine. `toxiproxy` is that program, if there is one.
    pub(crate) async fn start(toxiproxy: Option<String>) -> Result<Rc<Self>, Box<dyn Error>> {
        let listener = TcpListener::bind(LOOPBACK).await?;
        let service = Rc::new(Self {
            table: Table::read()?,
            authority: Authority::new()?,
            toxics: Toxics::read()?,
            toxiproxy: (toxiproxy, OnceCell::new()),
            address: listener.local_addr()?,
            sessions: RefCell::default(),
            runs: RefCell::default(),
            opened: Cell::new(0),
            held: RefCell::default(),
        });
        service.listen(listener, Door::Main);
        Ok(service)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends what it started.
    pub(crate) async fn end(&self) -> io::Result<()> {
        match self.toxiproxy.1.get() {
            Some(toxiproxy) => toxiproxy.end().await,
            None => Ok(()),
        }
    }

    fn listen(self: &Rc<Self>, listener: TcpListener, door: Door) -> AbortHandle {
        let service = Rc::clone(self);
        let accepting = tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (service, door) = (Rc::clone(&service), door.clone());
                tokio::task::spawn_local(async move {
                    // Whatever ends a connection, the client sees it.
                    let _ = service.connection(stream, door).await;
                });
            }
        });
        accepting.abort_handle()
    }

    async fn connection(self: &Rc<Self>, mut stream: TcpStream, door: Door) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let then = match door {
            Door::Main => self.requests(&mut stream, None).await?,
            Door::Session(session) => {
                let greeting = session.borrow_mut().greeting();
                match greeting {
                    None => self.requests(&mut stream, Some(&session)).await?,
                    Some(greeting) => perform(&mut stream, vec![greeting]).await?,
                }
            }
            Door::Fault(session, fault) => {
                session.borrow_mut().connected();
                let texts = Texts::new(&self.table, 200, &Value::Null, "");
                perform(&mut stream, actions(&self.table.faults[fault].does, &texts)).await?
            }
            Door::Tls(session, acceptor) => {
                session.borrow_mut().connected();
                let mut stream = acceptor.accept(stream).await?;
                self.requests(&mut stream, Some(&session)).await?;
                return Ok(());
            }
            Door::Proxy(session, fault, acceptor) => {
                session.borrow_mut().connected();
                let Some(_) = arriving(&mut stream).await? else { return Ok(()) };
                let Some(acceptor) = acceptor else {
                    let texts = Texts::new(&self.table, 200, &Value::Null, "");
                    perform(&mut stream, actions(&self.table.faults[fault].does, &texts)).await?;
                    return Ok(());
                };
                stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
                let mut stream = acceptor.accept(stream).await?;
                self.requests(&mut stream, Some(&session)).await?;
                return Ok(());
            }
            Door::Socks(session, fault, acceptor) => {
                session.borrow_mut().connected();
                let wants = self.table.faults[fault].wants.as_deref();
                let passed = socks::through(stream, self.address, wants).await.map_err(io::Error::other)?;
                let Some(stream) = passed else { return Ok(()) };
                let mut stream = acceptor.accept(stream).await?;
                self.requests(&mut stream, Some(&session)).await?;
                return Ok(());
            }
        };
        if then == Then::Reset {
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        }
        Ok(())
    }

    async fn requests(
        self: &Rc<Self>,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        session: Option<&Shared>,
    ) -> io::Result<Then> {
        while let Some(mut arrived) = arriving(stream).await? {
            let below = arrived.path.strip_prefix("/s/").and_then(|path| path.split_once('/'));
            let url = format!("{}{}", self.url(), arrived.path);
            let actions = match (session, below) {
                (Some(session), _) => session.borrow_mut().response(&self.table, &arrived, &url),
                (None, Some((id, path))) => {
                    let session = id.parse().ok().and_then(|id| self.sessions.borrow().get(&id).cloned());
                    arrived.path = path.to_owned();
                    let response = session.map(|session| session.borrow_mut().response(&self.table, &arrived, &url));
                    response.unwrap_or_else(|| vec![Action::Close])
                }
                (None, None) => self.asked(&arrived).await,
            };
            let then = perform(stream, actions).await?;
            if then != Then::Keep {
                return Ok(then);
            }
        }
        Ok(Then::End)
    }

    /// What the service itself is asked.
    async fn asked(self: &Rc<Self>, arrived: &Arrived) -> Vec<Action> {
        let (path, query) = arrived.path.split_once('?').unwrap_or((&arrived.path, ""));
        let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let response = match path {
            "/open" => self.open(&query).await.map_err(|error| error.to_string()),
            "/seen" => self.seen(&query, Session::seen).await,
            "/sms" => self.seen(&query, Session::sms_calls).await,
            _ => Err("there is `/open`, `/seen` and `/sms`".to_owned()),
        };
        let (status, body) = match response {
            Ok(body) => (200, body),
            Err(error) => (400, json!({"error": error})),
        };
        actions(&[], &Texts::new(&self.table, status, &body, ""))
    }

    async fn seen(
        &self,
        query: &HashMap<String, String>,
        of: impl FnOnce(&mut Session) -> Value,
    ) -> Result<Value, String> {
        // What arrived before this question is read before it is answered: accepting, reading and responding take a turn each.
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
        let id = query.get("id").and_then(|id| id.parse().ok());
        let session = id.and_then(|id: u64| self.sessions.borrow().get(&id).cloned());
        session.map(|session| of(&mut session.borrow_mut())).ok_or_else(|| "there is no such id".to_owned())
    }

    async fn open(self: &Rc<Self>, query: &HashMap<String, String>) -> Result<Value, Box<dyn Error>> {
        let id = self.opened.get();
        self.opened.set(id + 1);
        let keep = |session: Session| {
            let session = Rc::new(RefCell::new(session));
            self.sessions.borrow_mut().insert(id, Rc::clone(&session));
            session
        };
        let below = || format!("{}/s/{id}", self.url());
        if let Some(seed) = query.get("seed") {
            let (session, mut plan) = Session::random(&self.table, seed.parse()?);
            let (address, listening) = self.door(Door::Session(keep(session))).await?;
            self.runs.borrow_mut().push_back((id, listening));
            self.end_oldest_run();
            plan["id"] = id.into();
            plan["base_url"] = format!("http://{address}").into();
            return Ok(plan);
        }
        if let Some(toxics) = query.get("toxics") {
            keep(Session::new(&self.table, Script::Good));
            let (program, started) = &self.toxiproxy;
            let program = program.as_deref().ok_or("there is no toxiproxy")?;
            let toxiproxy = started.get_or_try_init(|| Toxiproxy::start(program)).await?;
            let address = toxiproxy.path(id, &self.toxics, toxics, self.address).await?;
            return Ok(json!({"id": id, "base_url": format!("http://{address}/s/{id}")}));
        }
        let Some(fault) = query.get("fault") else {
            keep(Session::new(&self.table, Script::Good));
            return Ok(json!({"id": id, "base_url": below()}));
        };
        let at = self.table.fault(fault).ok_or("there is no such fault")?;
        let call = query.get("call").and_then(|call| self.table.calls.get(call)).ok_or("there is no such call")?;
        let fault = &self.table.faults[at];
        let Some(place) = fault.at else {
            keep(Session::new(&self.table, Script::Fault { fault: at, on: call.on.clone() }));
            return Ok(json!({"id": id, "base_url": below()}));
        };
        let session = keep(Session::new(&self.table, Script::Good));
        let acceptor = match fault.certificate {
            Some(certificate) => self.authority.acceptor(certificate)?,
            None => None,
        };
        let door = match (place, acceptor) {
            (At::None | At::Elsewhere | At::Full, _) => None,
            (At::Tls, Some(acceptor)) => Some(Door::Tls(session, acceptor)),
            (At::Connect | At::Tls, _) => Some(Door::Fault(session, at)),
            (At::Proxy, acceptor) => Some(Door::Proxy(session, at, acceptor)),
            (At::Socks, acceptor) => Some(Door::Socks(session, at, acceptor.ok_or("a SOCKS proxy has a certificate")?)),
        };
        let address = match (place, door) {
            (_, Some(door)) => self.door(door).await?.0,
            (At::Full, None) => self.full().await?,
            (_, None) => self.closed()?,
        };
        let scheme = if place == At::Tls { "https" } else { "http" };
        let mut opened = json!({
            "id": id,
            "base_url": fault.base_url.clone().unwrap_or_else(|| format!("{scheme}://{address}")),
            "proxy": fault.proxy.as_ref().map(|proxy| proxy.replace("{at}", &address.to_string())),
        });
        if place == At::Tls || fault.certificate.is_some() {
            opened["ca_certificates"] = self.authority.pem().into();
        }
        Ok(opened)
    }

    /// Ten thousand runs would take more ports than there are: one that so many others came after has ended.
    fn end_oldest_run(&self) {
        const RUNS: usize = 2048;
        let mut runs = self.runs.borrow_mut();
        if runs.len() > RUNS
            && let Some((id, listening)) = runs.pop_front()
        {
            listening.abort();
            self.sessions.borrow_mut().remove(&id);
        }
    }

    /// A listener of its own.
    async fn door(self: &Rc<Self>, door: Door) -> io::Result<(SocketAddr, AbortHandle)> {
        let listener = TcpListener::bind(LOOPBACK).await?;
        let address = listener.local_addr()?;
        Ok((address, self.listen(listener, door)))
    }

    /// An address that nobody listens on.
    fn closed(&self) -> io::Result<SocketAddr> {
        let (socket, address) = bound()?;
        self.held.borrow_mut().push((socket, Vec::new()));
        Ok(address)
    }

    /// An address where connecting never ends: the queue of the listener is full.
    async fn full(&self) -> io::Result<SocketAddr> {
        let (socket, address) = bound()?;
        socket.listen(0)?;
        let mut queue = Vec::new();
        while let Ok(connected) = timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
            queue.push(connected?);
        }
        self.held.borrow_mut().push((socket, queue));
        Ok(address)
    }
}

fn bound() -> io::Result<(Socket, SocketAddr)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&LOOPBACK.into())?;
    let address = socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("it has no address"))?;
    Ok((socket, address))
}
