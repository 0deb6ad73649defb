//! A real server of a database, in a temporary folder, as a user without rights: started, killed, paused, started again,
//! and gone with its folder when this process is, however it ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};

/// How long a server may take to start or to stop, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts its arguments when told to, says as which process, and when nobody can tell it any more stops that and removes
/// the folder.
const KEEPER: &str = r#"
folder=$1 stop=$2; shift 2
while read -r _; do
  wait
  "$@" >>"$folder/log" 2>&1 &
  echo $!
done
kill -s "$stop" $!
wait
rm -rf "$folder"
"#;

/// A server of a database.
pub(crate) struct Server {
    /// What it keeps and its socket are in here.
    pub(crate) folder: PathBuf,
    /// Where it listens on 127.0.0.1.
    pub(crate) port: u16,
    is_up: fn(&Self) -> bool,
    keeper: Mutex<Keeper>,
    process: AtomicU32,
}

struct Keeper {
    child: Child,
    tell: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

/// A program of one of these folders or of the path. None where it is not installed, which a line in capitals says, and
/// which fails where there is CI.
pub(crate) fn program(name: &str, folders: &[PathBuf], what: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = folders.iter().cloned().chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
    let found = found.into_iter().find(|program| program.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
        // Past the test harness, which shows the output of failing tests alone.
        let _ = writeln!(std::io::stdout(), "{name} IS NOT INSTALLED: {what} IS NOT TESTED");
    }
    found
}

/// A folder that the user without rights may write into. Who calls this removes it, or has a [`Server`] do so.
pub(crate) fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let unique = format!("egoi-{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(unique);
    std::fs::create_dir(&folder).unwrap();
    give(&folder);
    folder
}

/// Makes it the property of the user without rights.
pub(crate) fn give(path: &Path) {
    if let Some(user) = without_rights() {
        std::os::unix::fs::chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
}

/// A command that runs as the user without rights, where this process has them.
pub(crate) fn command(program: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    if let Some(user) = without_rights() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    // What is typed at the terminal is not for the servers.
    command.process_group(0);
    command
}

fn without_rights() -> Option<User> {
    nix::unistd::geteuid().is_root().then(|| User::from_name("nobody").unwrap().unwrap())
}

/// A port on 127.0.0.1 that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Server {
    /// Starts `command`, whose arguments have the folder and the port in them already; it is stopped by `stop` (a
    /// signal's name such as `INT`), and is up when `is_up` says so.
    pub(crate) fn start(folder: PathBuf, port: u16, command: &[&str], stop: &str, is_up: fn(&Self) -> bool) -> Self {
        let mut keeper = self::command(Path::new("/bin/sh"))
            .args(["-c", KEEPER, "keeper"])
            .args([folder.as_os_str(), stop.as_ref()])
            .args(command)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, replies) = (keeper.stdin.take(), BufReader::new(keeper.stdout.take().unwrap()));
        let keeper = Mutex::new(Keeper { child: keeper, tell, replies });
        let server = Self { folder, port, is_up, keeper, process: AtomicU32::new(0) };
        server.start_again();
        server
    }

    /// Starts it after it was killed or stopped, and waits until it is up.
    pub(crate) fn start_again(&self) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let mut keeper = self.keeper.lock().unwrap();
            writeln!(keeper.tell.as_mut().unwrap(), "start").unwrap();
            let mut process = String::new();
            keeper.replies.read_line(&mut process).unwrap();
            drop(keeper);
            self.process.store(process.trim().parse().unwrap(), Ordering::SeqCst);
            // One that was killed may have left behind what the next trips over, and ends at once.
            while self.is_running() && started.elapsed() < PATIENCE {
                if (self.is_up)(self) {
                    return;
                }
                std::thread::yield_now();
            }
        }
        panic!("it did not start: {}", std::fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    /// Whether it can be connected to.
    pub(crate) fn listens(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// Ends it by this signal, and waits until it has ended.
    pub(crate) fn end(&self, signal: Signal) {
        self.signal(signal);
        let started = Instant::now();
        while self.is_running() {
            assert!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        self.end(Signal::SIGKILL);
    }

    /// As if its machine lost power: all of its processes end at the same moment. Were only the first killed, the others of
    /// PostgreSQL would no longer wait for a standby, and would show for a moment what only they have.
    pub(crate) fn lose_power(&self) {
        self.signal_all(Signal::SIGSTOP);
        for child in self.children().split_whitespace() {
            let _ = kill(Pid::from_raw(child.parse().unwrap()), Signal::SIGKILL);
        }
        self.kill();
    }

    /// Stands still, with all of its processes, until [`Server::resume`]: its connections stay and nothing responds.
    pub(crate) fn pause(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// Goes on.
    pub(crate) fn resume(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    /// The processor time of its processes so far, in nanoseconds.
    pub(crate) fn processor_ns(&self) -> u64 {
        let read =
            |process: &str, file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
        let of = |process: &str| -> u64 {
            read(process, "schedstat").split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
        };
        let process = self.pid().to_string();
        let stat = read(&process, "stat");
        // Of those that ended: `cutime` and `cstime`, behind the name in parentheses and eleven others.
        let ended = stat.rsplit(") ").next().into_iter().flat_map(|rest| rest.split(' ').skip(13).take(2));
        let ended: u64 = ended.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let ended_ns = ended * 1_000_000_000 / rustix::param::clock_ticks_per_second();
        of(&process) + self.children().split_whitespace().map(of).sum::<u64>() + ended_ns
    }

    fn signal(&self, signal: Signal) {
        // One that has ended by itself is no failure.
        let _ = kill(self.pid(), signal);
    }

    fn signal_all(&self, signal: Signal) {
        self.signal(signal);
        for child in self.children().split_whitespace() {
            let _ = kill(Pid::from_raw(child.parse().unwrap()), signal);
        }
    }

    fn children(&self) -> String {
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid())).unwrap_or_default()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.process.load(Ordering::SeqCst).try_into().unwrap())
    }

    /// Whether its first process runs: one that has ended and was not waited for yet does not.
    fn is_running(&self) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.resume();
        let keeper = self.keeper.get_mut().unwrap();
        drop(keeper.tell.take());
        let _ = keeper.child.wait();
    }
}
