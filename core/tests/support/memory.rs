//! What is left of a secret in the memory of a process that is done with it. The process is a child that gets its secrets
//! through a pipe; its parent looks at every byte that a core dump of it would hold.

use std::any::Any;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};

use egoi_verify::{
    Api, CallOptions, Client, ClientOptions, CodeType, Engine, EngineOptions, OutgoingSms, RequestOptions, Sandbox,
    SandboxOptions, Store, ValidateOptions, code_in_sms, generate_code,
};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const ROLE: &str = "EGOI_MEMORY_ROLE";
const NUMBER: &str = "+351 910 000 000";

/// What the child does with its secrets before it is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing: it has been given none.
    Waits,
    /// It keeps them, and an engine.
    Keeps,
    /// It makes a client of each version, and drops them.
    MakesClients,
    /// It runs verifications of an engine of its own, and drops it.
    RunsAnEngine,
    /// It makes every call of a client of each version, and drops them and their connections.
    Calls,
}

const ROLES: [(&str, Role); 5] = [
    ("waits", Role::Waits),
    ("keeps", Role::Keeps),
    ("makes clients", Role::MakesClients),
    ("runs an engine", Role::RunsAnEngine),
    ("calls", Role::Calls),
];

/// Does what a child is there for, where this process is one.
pub(crate) fn play_a_child() -> bool {
    let Ok(name) = std::env::var(ROLE) else { return false };
    let role = ROLES.iter().find(|(each, _)| *each == name).unwrap().1;
    // Not the standard library's buffered one, which would keep a copy of its own.
    let mut pipe = File::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let kept = if role == Role::Waits { Vec::new() } else { play(role, &mut pipe) };
    println!("ready");
    let _ = pipe.read(&mut [0]);
    drop(kept);
    true
}

/// The next piece from the pipe, straight into memory that is wiped.
fn taken(pipe: &mut File) -> Zeroizing<String> {
    let mut length = [0];
    pipe.read_exact(&mut length).unwrap();
    let mut bytes = Zeroizing::new(vec![0; usize::from(length[0])]);
    pipe.read_exact(&mut bytes).unwrap();
    Zeroizing::new(String::from_utf8(std::mem::take(&mut *bytes)).unwrap())
}

fn play(role: Role, pipe: &mut File) -> Vec<Box<dyn Any>> {
    let url = taken(pipe);
    let mut key = taken(pipe);
    let [id_of_v1, id_of_v2, code] = [taken(pipe), taken(pipe), taken(pipe)];
    let base = |api| match api {
        Api::V1 => format!("{}/api/public", *url),
        Api::V2 => format!("{}/api", *url),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match role {
        Role::Waits => {}
        Role::Keeps => {
            let options = EngineOptions::default().store(Store::default().key(key.as_bytes()));
            let engine = Engine::new(|_: OutgoingSms| async { Ok(()) }, options).unwrap();
            return vec![Box::new((key, code, engine))];
        }
        Role::MakesClients => {
            for api in [Api::V1, Api::V2] {
                drop(Client::new(ClientOptions::new(String::clone(&key), "1").api(api).base_url(base(api))).unwrap());
            }
        }
        Role::RunsAnEngine => {
            let (texts, received) = std::sync::mpsc::channel();
            let send = move |sms: OutgoingSms| {
                texts.send(sms.text).unwrap();
                async { Ok(()) }
            };
            let options = EngineOptions::default().store(Store::default().key(std::mem::take(&mut *key).into_bytes()));
            let engine = Engine::new(send, options).unwrap();
            runtime.block_on(async {
                let made = engine.request(NUMBER, RequestOptions::default()).await.unwrap();
                let sent = received.recv().unwrap();
                let right = code_in_sms(&sent, None, None).unwrap();
                for code in [&*code, right.expose()] {
                    let _ = engine.validate(&made.id, code, ValidateOptions::default()).await.unwrap();
                }
            });
        }
        Role::Calls => {
            for (api, id) in [(Api::V1, &id_of_v1), (Api::V2, &id_of_v2)] {
                let options = ClientOptions::new(String::clone(&key), "1").api(api).base_url(base(api));
                let client = Client::new(options).unwrap();
                runtime.block_on(async {
                    let any = CallOptions::default;
                    let outcome = client.validate(id, &code, ValidateOptions::default()).await.unwrap();
                    assert!(outcome.is_verified());
                    let made = client.request(NUMBER, RequestOptions::default()).await.unwrap();
                    if api == Api::V2 {
                        client.get(&made.id, any()).await.unwrap();
                        client.resend(&made.id, any()).await.unwrap();
                        client.senders(any()).await.unwrap();
                        client.ping(any()).await.unwrap();
                    }
                    client.cancel(&made.id, any()).await.unwrap();
                });
            }
        }
    }
    drop(runtime);
    Vec::new()
}

/// A secret that is in no other process: 80 random characters, so that a piece of it is none by chance.
fn secret() -> String {
    (0..4).map(|_| generate_code(CodeType::Alphanumeric, 20).unwrap().expose().to_owned()).collect()
}

/// How often pieces of the key and of the code are in the memory of a child that played the role. A piece, because an
/// allocator writes over the beginning of what is freed.
pub(crate) struct Left {
    pub(crate) of_the_key: usize,
    /// Of the two states of HMAC under the key, which are as good as the key. Not those on the stack.
    pub(crate) of_its_states: usize,
    pub(crate) of_the_code: usize,
    pub(crate) bytes: usize,
}

/// Or else nothing that is not found says anything.
pub(crate) fn find_what_is_kept() {
    let kept = after(Role::Keeps);
    assert!(kept.of_the_key >= 5 && kept.of_the_code >= 4, "what is kept was not found");
    assert!(kept.of_its_states >= 4, "the states of an engine that is kept were not found");
    println!("test a_key_its_states_and_a_code_that_are_kept_are_found ... ok");
}

pub(crate) fn after(role: Role) -> Left {
    let (key, code) = (secret(), secret()[..64].to_owned());
    // Not the child's own, whose memory would hold every secret that it was sent.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (sandbox, ids) = runtime.block_on(async {
        let sandbox = Sandbox::start(SandboxOptions::default().code(code.as_str())).await.unwrap();
        let mut ids = Vec::new();
        for api in [Api::V1, Api::V2] {
            let client = Client::new(sandbox.client_options(api)).unwrap();
            ids.push(client.request(NUMBER, RequestOptions::default()).await.unwrap().id);
        }
        (sandbox, ids)
    });
    let name = ROLES.iter().find(|(_, each)| *each == role).unwrap().0;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(ROLE, name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let told = [&sandbox.url(), &key, &ids[0], &ids[1], &code];
    for text in told.iter().filter(|_| role != Role::Waits) {
        pipe.write_all(&[u8::try_from(text.len()).unwrap()]).unwrap();
        pipe.write_all(text.as_bytes()).unwrap();
    }
    let mut ready = [0; 6];
    child.stdout.take().unwrap().read_exact(&mut ready).unwrap();
    let left = looked_at(&child, &key, &code);
    drop(pipe);
    assert!(child.wait().unwrap().success());
    left
}

/// The child waits: nothing moves while its memory is read.
fn looked_at(child: &Child, key: &str, code: &str) -> Left {
    let maps = fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    let memory = File::open(format!("/proc/{}/mem", child.id())).unwrap();
    let states = hmac_states(key.as_bytes());
    let mut left = Left { of_the_key: 0, of_its_states: 0, of_the_code: 0, bytes: 0 };
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        // What the kernel shows every process, and cannot be read.
        if !rest.starts_with('r')
            || rest.ends_with("[vvar]")
            || rest.ends_with("[vvar_vclock]")
            || rest.ends_with("[vsyscall]")
        {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        memory.read_exact_at(&mut bytes, from).unwrap_or_else(|error| panic!("{line}: {error}"));
        left.of_the_key += pieces_in(&bytes, key.as_bytes());
        // What was moved on the stack stays there until the next calls write over it: Rust wipes no place that it moves from.
        if !rest.ends_with("[stack]") {
            left.of_its_states += pieces_in(&bytes, &states);
        }
        left.of_the_code += pieces_in(&bytes, code.as_bytes());
        left.bytes += bytes.len();
    }
    assert!(left.bytes > 1_000_000, "there was next to nothing to look at");
    left
}

/// The inner and the outer state of HMAC-SHA-256 under a key longer than a block, as they are in memory.
fn hmac_states(key: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..32].copy_from_slice(&Sha256::digest(key));
    let state = |pad: u8| {
        let mut state =
            [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
        compress256(&mut state, &[block.map(|byte| byte ^ pad)]);
        state.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect::<Vec<_>>()
    };
    [state(0x36), state(0x5c)].concat()
}

fn pieces_in(bytes: &[u8], secret: &[u8]) -> usize {
    let pieces: Vec<&[u8]> = secret.chunks_exact(16).collect();
    bytes.windows(16).filter(|window| pieces.iter().any(|piece| piece == window)).count()
}
