//! The C interface of the native module, called as a language that knows its header alone calls it: with buffers that are
//! written and read by hand, objects as handles, and calls as futures that are polled. `make asan` runs it with the address
//! and the leak sanitizer.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use egoi_verify::{Sandbox, SandboxOptions};
use egoi_verify_native as _;

/// `RustBuffer` of the header: memory of the module's.
#[repr(C)]
struct Buffer {
    capacity: u64,
    len: u64,
    data: *mut u8,
}

/// `ForeignBytes` of the header: memory of the caller's.
#[repr(C)]
struct Bytes {
    len: i32,
    data: *const u8,
}

/// `RustCallStatus` of the header.
#[repr(C)]
struct Status {
    code: i8,
    error: Buffer,
}

type Continuation = extern "C" fn(data: u64, polled: i8);

unsafe extern "C" {
    fn ffi_egoi_verify_native_rustbuffer_from_bytes(bytes: Bytes, status: &mut Status) -> Buffer;
    fn ffi_egoi_verify_native_rustbuffer_free(buffer: Buffer, status: &mut Status);

    fn ffi_egoi_verify_native_rust_future_poll_rust_buffer(future: u64, continuation: Continuation, data: u64);
    fn ffi_egoi_verify_native_rust_future_cancel_rust_buffer(future: u64);
    fn ffi_egoi_verify_native_rust_future_complete_rust_buffer(future: u64, status: &mut Status) -> Buffer;
    fn ffi_egoi_verify_native_rust_future_free_rust_buffer(future: u64);
    fn ffi_egoi_verify_native_rust_future_poll_void(future: u64, continuation: Continuation, data: u64);
    fn ffi_egoi_verify_native_rust_future_complete_void(future: u64, status: &mut Status);
    fn ffi_egoi_verify_native_rust_future_free_void(future: u64);

    fn uniffi_egoi_verify_native_fn_constructor_nativeclient_new(options: Buffer, status: &mut Status) -> u64;
    fn uniffi_egoi_verify_native_fn_clone_nativeclient(client: u64, status: &mut Status) -> u64;
    fn uniffi_egoi_verify_native_fn_free_nativeclient(client: u64, status: &mut Status);
    fn uniffi_egoi_verify_native_fn_method_nativeclient_shut(client: u64, status: &mut Status);
    fn uniffi_egoi_verify_native_fn_method_nativeclient_request(client: u64, request: Buffer, token: Buffer) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_validate(client: u64, validate: Buffer, token: Buffer) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_cancel(
        client: u64,
        id: Buffer,
        timeout: Buffer,
        retries: Buffer,
        token: Buffer,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_resend(
        client: u64,
        id: Buffer,
        timeout: Buffer,
        retries: Buffer,
        token: Buffer,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_get(
        client: u64,
        id: Buffer,
        timeout: Buffer,
        retries: Buffer,
        token: Buffer,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_senders(
        client: u64,
        timeout: Buffer,
        retries: Buffer,
        token: Buffer,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeclient_ping(
        client: u64,
        timeout: Buffer,
        retries: Buffer,
        token: Buffer,
    ) -> u64;

    fn uniffi_egoi_verify_native_fn_constructor_nativeegoisms_new(
        client: Buffer,
        sms: Buffer,
        status: &mut Status,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_constructor_nativeengine_with_egoi_sms(
        egoi_sms: u64,
        options: Buffer,
        status: &mut Status,
    ) -> u64;
    fn uniffi_egoi_verify_native_fn_clone_nativeengine(engine: u64, status: &mut Status) -> u64;
    fn uniffi_egoi_verify_native_fn_free_nativeengine(engine: u64, status: &mut Status);
    fn uniffi_egoi_verify_native_fn_method_nativeengine_request(engine: u64, request: Buffer, token: Buffer) -> u64;
    fn uniffi_egoi_verify_native_fn_method_nativeengine_validate(engine: u64, validate: Buffer, token: Buffer) -> u64;

    fn uniffi_egoi_verify_native_fn_constructor_nativecanceltoken_new(status: &mut Status) -> u64;
    fn uniffi_egoi_verify_native_fn_clone_nativecanceltoken(token: u64, status: &mut Status) -> u64;
    fn uniffi_egoi_verify_native_fn_free_nativecanceltoken(token: u64, status: &mut Status);
    fn uniffi_egoi_verify_native_fn_method_nativecanceltoken_cancel(token: u64, status: &mut Status);

    fn uniffi_egoi_verify_native_fn_func_native_parse_number(
        text: Buffer,
        region: Buffer,
        status: &mut Status,
    ) -> Buffer;
    fn uniffi_egoi_verify_native_fn_func_native_panicking() -> u64;
}

/// Why a call gave nothing back.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// An error of the library, or that it was given up, as it stands in the buffer.
    Failed(Vec<u8>),
    /// What was given is not what the interface takes; or a panic.
    Unexpected,
}

impl Refused {
    /// The stable word of an error: the first field of the first variant.
    fn code(&self) -> String {
        match self {
            Self::Failed(bytes) => {
                let mut fields = Fields(bytes);
                assert_eq!(fields.number(), 1, "a failure");
                fields.text()
            }
            Self::Unexpected => "unexpected".to_owned(),
        }
    }

    fn is_given_up(&self) -> bool {
        matches!(self, Self::Failed(bytes) if Fields(bytes).number() == 2)
    }
}

// SAFETY, of every `unsafe` below: the functions are declared as the generated header declares them; a buffer, a future and
// a handle that is passed on is not used again, as the interface asks.

fn fresh() -> Status {
    Status { code: 0, error: Buffer { capacity: 0, len: 0, data: std::ptr::null_mut() } }
}

fn given(bytes: &[u8]) -> Buffer {
    let mut status = fresh();
    let bytes = Bytes { len: i32::try_from(bytes.len()).unwrap(), data: bytes.as_ptr() };
    let buffer = unsafe { ffi_egoi_verify_native_rustbuffer_from_bytes(bytes, &mut status) };
    assert_eq!(status.code, 0);
    buffer
}

fn taken(buffer: Buffer) -> Vec<u8> {
    let bytes = match usize::try_from(buffer.len).unwrap() {
        0 => Vec::new(),
        len => unsafe { std::slice::from_raw_parts(buffer.data, len) }.to_vec(),
    };
    let mut status = fresh();
    unsafe { ffi_egoi_verify_native_rustbuffer_free(buffer, &mut status) };
    assert_eq!(status.code, 0);
    bytes
}

fn called<T>(call: impl FnOnce(&mut Status) -> T) -> Result<T, Refused> {
    let mut status = fresh();
    let given = call(&mut status);
    match status.code {
        0 => Ok(given),
        1 => Err(Refused::Failed(taken(status.error))),
        2 => {
            taken(status.error);
            Err(Refused::Unexpected)
        }
        other => panic!("no status: {other}"),
    }
}

extern "C" fn polled(data: u64, polled: i8) {
    // Handed over by whoever polls, which waits for it.
    let wakes = unsafe { &*(data as *const Sender<i8>) };
    wakes.send(polled).unwrap();
}

fn until_ready(poll: impl Fn(Continuation, u64)) {
    let (wakes, woken): (Sender<i8>, Receiver<i8>) = channel();
    loop {
        poll(polled, std::ptr::from_ref(&wakes) as u64);
        if woken.recv_timeout(Duration::from_secs(20)).unwrap() == 0 {
            return;
        }
    }
}

fn waited(future: u64) -> Result<Vec<u8>, Refused> {
    until_ready(|continuation, data| unsafe {
        ffi_egoi_verify_native_rust_future_poll_rust_buffer(future, continuation, data);
    });
    let done = called(|status| unsafe { ffi_egoi_verify_native_rust_future_complete_rust_buffer(future, status) });
    unsafe { ffi_egoi_verify_native_rust_future_free_rust_buffer(future) };
    match done {
        Ok(buffer) => Ok(taken(buffer)),
        Err(refused) => Err(refused),
    }
}

fn waited_for_nothing(future: u64) -> Result<(), Refused> {
    until_ready(|continuation, data| unsafe {
        ffi_egoi_verify_native_rust_future_poll_void(future, continuation, data);
    });
    let done = called(|status| unsafe { ffi_egoi_verify_native_rust_future_complete_void(future, status) });
    unsafe { ffi_egoi_verify_native_rust_future_free_void(future) };
    done
}

/// Writes the fields of a record, one after the other.
#[derive(Default, Clone)]
struct Record(Vec<u8>);

impl Record {
    fn text(mut self, text: &str) -> Self {
        self.0.extend(i32::try_from(text.len()).unwrap().to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn absent(mut self, fields: usize) -> Self {
        self.0.extend(std::iter::repeat_n(0, fields));
        self
    }

    fn present(mut self) -> Self {
        self.0.push(1);
        self
    }

    /// A count, or the number of a variant.
    fn whole(mut self, number: i32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn handle(mut self, handle: u64) -> Self {
        self.0.extend(handle.to_be_bytes());
        self
    }

    fn seconds(mut self, seconds: f64) -> Self {
        self.0.extend(seconds.to_be_bytes());
        self
    }

    fn buffer(&self) -> Buffer {
        given(&self.0)
    }
}

/// Reads them.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> i32 {
        let (number, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        i32::from_be_bytes(*number)
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(self.number()).unwrap();
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8(text.to_vec()).unwrap()
    }
}

fn none() -> Buffer {
    Record::default().absent(1).buffer()
}

fn text(text: &str) -> Buffer {
    given(text.as_bytes())
}

fn new_client(options: &Record) -> Result<u64, Refused> {
    called(|status| unsafe { uniffi_egoi_verify_native_fn_constructor_nativeclient_new(options.buffer(), status) })
}

/// A client whose options set a base URL alone, and the options.
fn client_and_options(base_url: &str) -> (u64, Record) {
    const TEXT: i32 = 5;
    let options = Record::default().text("the key").text("1");
    let options = options.whole(1).text("base_url").whole(TEXT).text(base_url).text("c");
    (new_client(&options).unwrap(), options)
}

fn client(base_url: &str) -> u64 {
    client_and_options(base_url).0
}

/// A method takes the handle that it is called with.
fn cloned(client: u64) -> u64 {
    called(|status| unsafe { uniffi_egoi_verify_native_fn_clone_nativeclient(client, status) }).unwrap()
}

fn freed(client: u64) {
    called(|status| unsafe { uniffi_egoi_verify_native_fn_free_nativeclient(client, status) }).unwrap();
}

fn request() -> Buffer {
    Record::default().text("+351 910 000 000").absent(10).buffer()
}

fn validate(id: &str, code: &str) -> Buffer {
    Record::default().text(id).text(code).absent(5).buffer()
}

fn requested(client: u64) -> String {
    let future = unsafe { uniffi_egoi_verify_native_fn_method_nativeclient_request(cloned(client), request(), none()) };
    Fields(&waited(future).unwrap()).text()
}

struct Served {
    sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

fn sandbox() -> Served {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = runtime.block_on(Sandbox::start(SandboxOptions::default().code("739164"))).unwrap();
    Served { sandbox, _runtime: runtime }
}

#[test]
fn whole_verifications_cross_the_border() {
    let served = sandbox();
    let client = client(&format!("{}/api", served.sandbox.url()));
    for _ in 0..20 {
        let id = requested(client);
        for (code, expected) in [("111111", 2), ("739164", 1), ("739164", 4)] {
            let call = unsafe {
                uniffi_egoi_verify_native_fn_method_nativeclient_validate(cloned(client), validate(&id, code), none())
            };
            assert_eq!(Fields(&waited(call).unwrap()).number(), expected, "{code}");
        }
        let other = requested(client);
        for call in [
            uniffi_egoi_verify_native_fn_method_nativeclient_get,
            uniffi_egoi_verify_native_fn_method_nativeclient_resend,
        ] {
            let read = waited(unsafe { call(cloned(client), text(&other), none(), none(), none()) }).unwrap();
            assert_eq!(Fields(&read).text(), other);
        }
        let cancelled = waited(unsafe {
            uniffi_egoi_verify_native_fn_method_nativeclient_cancel(
                cloned(client),
                text(&other),
                none(),
                none(),
                none(),
            )
        });
        assert_eq!(Fields(&cancelled.unwrap()).number(), 4);
        let senders = waited(unsafe {
            uniffi_egoi_verify_native_fn_method_nativeclient_senders(cloned(client), none(), none(), none())
        });
        assert_eq!(Fields(&senders.unwrap()).number(), 1, "how many there are");
        let ping =
            unsafe { uniffi_egoi_verify_native_fn_method_nativeclient_ping(cloned(client), none(), none(), none()) };
        waited_for_nothing(ping).unwrap();
    }
    freed(client);
}

#[test]
fn an_engine_crosses_the_border() {
    let served = sandbox();
    let (client, connection) = client_and_options(&format!("{}/api", served.sandbox.url()));
    freed(client);
    const NULL: i32 = 1;
    let (sms, options) = (Record::default().whole(0), Record::default().whole(1).text("resend_after").whole(NULL));
    let options = options.absent(1);
    let sms = called(|status| unsafe {
        let make = uniffi_egoi_verify_native_fn_constructor_nativeegoisms_new;
        make(connection.buffer(), sms.buffer(), status)
    });
    let made = called(|status| unsafe {
        let make = uniffi_egoi_verify_native_fn_constructor_nativeengine_with_egoi_sms;
        make(sms.unwrap(), options.buffer(), status)
    });
    let engine = made.unwrap();
    let cloned =
        || called(|status| unsafe { uniffi_egoi_verify_native_fn_clone_nativeengine(engine, status) }).unwrap();
    for _ in 0..5 {
        let made =
            waited(unsafe { uniffi_egoi_verify_native_fn_method_nativeengine_request(cloned(), request(), none()) });
        let id = Fields(&made.unwrap()).text();
        let wrong =
            unsafe { uniffi_egoi_verify_native_fn_method_nativeengine_validate(cloned(), validate(&id, "x"), none()) };
        assert_eq!(Fields(&waited(wrong).unwrap()).number(), 2);
    }
    called(|status| unsafe { uniffi_egoi_verify_native_fn_free_nativeengine(engine, status) }).unwrap();
}

#[test]
fn failures_cross_the_border_and_leave_nothing_behind() {
    let served = sandbox();
    let client = client(&format!("{}/api", served.sandbox.url()));
    for _ in 0..20 {
        let unknown = unsafe {
            uniffi_egoi_verify_native_fn_method_nativeclient_get(cloned(client), text("a1"), none(), none(), none())
        };
        assert_eq!(waited(unknown).unwrap_err().code(), "not_found");
        let id = unsafe {
            uniffi_egoi_verify_native_fn_method_nativeclient_cancel(
                cloned(client),
                text("no id"),
                none(),
                none(),
                none(),
            )
        };
        assert_eq!(waited(id).unwrap_err().code(), "invalid_input");
        let panicked = unsafe { uniffi_egoi_verify_native_fn_func_native_panicking() };
        assert_eq!(waited_for_nothing(panicked).unwrap_err().code(), "internal");
        let number = called(|status| unsafe {
            uniffi_egoi_verify_native_fn_func_native_parse_number(text("910000000"), none(), status)
        });
        assert_eq!(number.map(taken).unwrap_err().code(), "invalid_input");
    }
    called(|status| unsafe { uniffi_egoi_verify_native_fn_method_nativeclient_shut(cloned(client), status) }).unwrap();
    let closed =
        unsafe { uniffi_egoi_verify_native_fn_method_nativeclient_ping(cloned(client), none(), none(), none()) };
    assert_eq!(waited_for_nothing(closed).unwrap_err().code(), "closed");
    freed(client);
}

#[test]
fn what_is_no_value_is_refused_whole() {
    // A text by itself is UTF-8 by the interface's contract, which both languages keep; and of a call that is refused
    // uniffi keeps the buffers that it did not come to. So this is one buffer, which is a record.
    let (client, right) = client_and_options("http://127.0.0.1:9");
    freed(client);
    for length in 0..right.0.len() {
        assert_eq!(new_client(&Record(right.0[..length].to_vec())).unwrap_err(), Refused::Unexpected, "{length}");
    }
    for changed in [Record::default().absent(4), Record(vec![0xff; 40]), Record(vec![0x7f, 0xff, 0xff, 0xff, 1, 2])] {
        assert_eq!(new_client(&changed).unwrap_err(), Refused::Unexpected);
    }
    let no_text = Record(right.0.iter().map(|byte| if *byte == b'k' { 0xff } else { *byte }).collect());
    assert_eq!(new_client(&no_text).unwrap_err(), Refused::Unexpected);
}

#[test]
fn calls_are_given_up_by_their_token_by_their_deadline_and_by_dropping_them() {
    // Connects, by the kernel, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", silent.local_addr().unwrap()));
    let ping = |timeout: &Record, token: &Record| unsafe {
        uniffi_egoi_verify_native_fn_method_nativeclient_ping(cloned(client), timeout.buffer(), none(), token.buffer())
    };
    let absent = Record::default().absent(1);

    let token =
        called(|status| unsafe { uniffi_egoi_verify_native_fn_constructor_nativecanceltoken_new(status) }).unwrap();
    let cloned_token =
        || called(|status| unsafe { uniffi_egoi_verify_native_fn_clone_nativecanceltoken(token, status) }).unwrap();
    let call = ping(&absent, &Record::default().present().handle(cloned_token()));
    called(|status| unsafe {
        uniffi_egoi_verify_native_fn_method_nativecanceltoken_cancel(cloned_token(), status);
    })
    .unwrap();
    assert!(waited_for_nothing(call).unwrap_err().is_given_up());
    called(|status| unsafe { uniffi_egoi_verify_native_fn_free_nativecanceltoken(token, status) }).unwrap();

    let late = ping(&Record::default().present().seconds(0.03), &absent);
    assert_eq!(waited_for_nothing(late).unwrap_err().code(), "timeout");

    // Never polled; polled, and dropped; and cancelled as Kotlin does.
    unsafe { ffi_egoi_verify_native_rust_future_free_void(ping(&absent, &absent)) };
    extern "C" fn ignored(_: u64, _: i8) {}
    let dropped = ping(&absent, &absent);
    unsafe {
        ffi_egoi_verify_native_rust_future_poll_void(dropped, ignored, 0);
        ffi_egoi_verify_native_rust_future_free_void(dropped);
    }
    let cancelled =
        unsafe { uniffi_egoi_verify_native_fn_method_nativeclient_request(cloned(client), request(), none()) };
    unsafe {
        ffi_egoi_verify_native_rust_future_poll_rust_buffer(cancelled, ignored, 0);
        ffi_egoi_verify_native_rust_future_cancel_rust_buffer(cancelled);
        ffi_egoi_verify_native_rust_future_free_rust_buffer(cancelled);
    }
    freed(client);
}
