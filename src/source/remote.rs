//! Clones a remote repository with the installed `git` into a folder of ours that goes away with it. The only
//! place of the library that starts a program; it never does so on content that is not ours.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::target::Url;
use crate::error::{Error, Result, describe};
use crate::progress::{Phase, Progress};

/// How a remote repository is cloned.
#[derive(Clone, Debug)]
pub struct CloneOptions<'a> {
    /// The program.
    pub git: OsString,
    /// The folder for temporary files.
    pub folder: &'a Path,
    /// How long it may take.
    pub timeout: Duration,
    /// How many bytes the clone may have on disk.
    pub max_size: Option<u64>,
    /// There is a terminal with somebody to ask for a password.
    pub prompt: bool,
}

impl<'a> CloneOptions<'a> {
    /// The defaults: half an hour, any size, no prompt; temporary files in `folder`.
    pub fn new(folder: &'a Path) -> Self {
        Self { git: "git".into(), folder, timeout: Duration::from_secs(30 * 60), max_size: None, prompt: false }
    }
}

/// A clone of ours. It is removed when this is dropped.
#[derive(Debug)]
pub struct Clone {
    folder: TempDir,
}

impl Clone {
    /// The bare repository.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What a clone of ours does not take from the user's configuration: other protocols, hooks, programs that
/// watch, checks that refuse old histories, work afterwards.
const SETTINGS: &[&str] = &[
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.ssh.allow=always",
    "protocol.git.allow=always",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "transfer.fsckObjects=false",
    "fetch.fsckObjects=false",
    "clone.rejectShallow=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Inherited variables that would steer git to another repository or past the settings.
const UNSET: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_TEMPLATE_DIR",
    "GIT_ALLOW_PROTOCOL",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_CURL_VERBOSE",
];

/// Clones a repository with all its refs.
pub fn clone(url: &Url, options: &CloneOptions<'_>, progress: &Progress) -> Result<Clone> {
    progress.set_phase(Phase::Cloning);
    let folder = temporary(options.folder).map_err(|error| Error::at(options.folder, &error))?;
    let mut command = command(url, folder.path(), options);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::input(format!("{url}: cloning needs git, which is not installed or not in PATH"))
            .hint("install git, or scan a clone that you made elsewhere"),
        _ => Error::input(format!("{url}: git cannot be started: {}", describe(&error))),
    })?;
    let mut running = Running { child, output: Arc::default(), ended: false };
    let reader = running.listen();
    let status = running.wait(url, folder.path(), options, progress)?;
    // Something that git left running may hold the pipe open; what it says is of no interest.
    let began = Instant::now();
    while !reader.is_finished() && began.elapsed() < Duration::from_millis(500) {
        thread::sleep(Duration::from_millis(5));
    }
    if !status.success() {
        return Err(failure(url, &running.output.lines(), status, options.prompt));
    }
    too_large(url, folder.path(), options)?;
    Ok(Clone { folder })
}

/// An empty folder that only we may enter.
fn temporary(parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("unleak-");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o700));
    builder.tempdir_in(parent)
}

fn command(url: &Url, folder: &Path, options: &CloneOptions<'_>) -> Command {
    let mut command = Command::new(&options.git);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.args(["clone", "--mirror", "--template=", "--no-local", "--progress", "--"]).arg(url.address()).arg(folder);
    command.current_dir(options.folder);
    for name in UNSET {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env_remove("LANGUAGE");
    if !options.prompt {
        // The second keeps ssh from asking on a terminal that stands behind a pipe.
        command.env("GIT_TERMINAL_PROMPT", "0").env("SSH_ASKPASS_REQUIRE", "force");
    }
    // Credentials stand in no argument, which every user of the machine can read, nor in the clone's config.
    if let Some((key, value)) = credentials(url) {
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", key).env("GIT_CONFIG_VALUE_0", value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The setting that gives git the user and password of a URL, for its own host alone.
fn credentials(url: &Url) -> Option<(String, String)> {
    let origin = url.origin()?;
    match (url.user(), url.password()) {
        (user, Some(password)) => {
            let pair = zeroize::Zeroizing::new(format!("{}:{password}", user.unwrap_or_default()));
            let basic = data_encoding::BASE64.encode(pair.as_bytes());
            Some((format!("http.{origin}/.extraHeader"), format!("Authorization: Basic {basic}")))
        }
        (Some(user), None) => Some((format!("credential.{origin}.username"), user.to_owned())),
        (None, None) => None,
    }
}

/// A started git. It is ended when this is dropped.
struct Running {
    child: Child,
    output: Arc<Output>,
    ended: bool,
}

/// What git says while it runs.
#[derive(Default)]
struct Output {
    done: AtomicU64,
    total: AtomicU64,
    last: Mutex<Vec<String>>,
}

/// How many of git's last lines are kept, and how many bytes of each.
const KEPT: (usize, usize) = (16, 400);

impl Running {
    /// Reads git's messages on a thread of its own, so that git never waits for us.
    fn listen(&mut self) -> thread::JoinHandle<()> {
        let (stderr, output) = (self.child.stderr.take(), Arc::clone(&self.output));
        thread::spawn(move || {
            let Some(mut stderr) = stderr else { return };
            let (mut chunk, mut line) = ([0; 4096], Vec::new());
            while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                for &byte in &chunk[..read] {
                    if byte == b'\n' || byte == b'\r' {
                        output.line(&String::from_utf8_lossy(&line));
                        line.clear();
                    } else if line.len() < KEPT.1 {
                        line.push(byte);
                    }
                }
            }
            output.line(&String::from_utf8_lossy(&line));
        })
    }

    /// Waits for git, as long and as far as it may run.
    fn wait(&mut self, url: &Url, folder: &Path, options: &CloneOptions<'_>, progress: &Progress) -> Result<ExitStatus> {
        let began = Instant::now();
        let mut measured = began;
        loop {
            let status = self.child.try_wait().map_err(|error| Error::input(format!("{url}: {}", describe(&error))))?;
            progress.objects.store(self.output.done.load(Ordering::Relaxed), Ordering::Relaxed);
            progress.objects_total.store(self.output.total.load(Ordering::Relaxed), Ordering::Relaxed);
            if let Some(status) = status {
                self.ended = true;
                return Ok(status);
            }
            if progress.stopped() {
                return Err(Error::input(format!("{url}: cloning was stopped")));
            }
            if began.elapsed() >= options.timeout {
                let why = format!("{url}: cloning took longer than {}", seconds(options.timeout));
                return Err(Error::input(why).hint("give it more time with --clone-timeout"));
            }
            if measured.elapsed() >= Duration::from_millis(250) {
                too_large(url, folder, options)?;
                measured = Instant::now();
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // Asked to end, git ends its helpers too; killed at once it would leave them behind.
        #[cfg(unix)]
        {
            let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::TERM);
            for _ in 0..100 {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Output {
    fn line(&self, line: &str) {
        if let Some((done, total)) = counted(line) {
            self.done.store(done, Ordering::Relaxed);
            self.total.store(total, Ordering::Relaxed);
        } else if !line.trim().is_empty() {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.len() == KEPT.0 {
                last.remove(0);
            }
            last.push(line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned());
        }
    }

    fn lines(&self) -> Vec<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a line of git's progress counts: `45% (450/1000)`.
fn counted(line: &str) -> Option<(u64, u64)> {
    let (done, rest) = line.split_once("% (")?.1.split_once('/')?;
    Some((done.parse().ok()?, rest.split_once(')')?.0.parse().ok()?))
}

fn too_large(url: &Url, folder: &Path, options: &CloneOptions<'_>) -> Result<()> {
    let Some(most) = options.max_size else { return Ok(()) };
    if size(folder) <= most {
        return Ok(());
    }
    Err(Error::input(format!("{url}: the clone is larger than {most} bytes")).hint("allow more with --clone-max-size"))
}

/// Bytes of the files below a folder. What goes away meanwhile does not count.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn seconds(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 && seconds.is_multiple_of(60) { format!("{} minutes", seconds / 60) } else { format!("{seconds} seconds") }
}

/// The error of a clone that failed: one line of what git said.
fn failure(url: &Url, lines: &[String], status: ExitStatus, prompt: bool) -> Error {
    let at = lines.iter().rposition(|line| line.starts_with("fatal: "));
    let said = match at.map(|at| (at, lines[at].trim_start_matches("fatal: "))) {
        // Then what matters is what ssh said before.
        Some((at, general)) if at > 0 && general.starts_with("Could not read from remote") => lines[at - 1].clone(),
        Some((_, fatal)) => fatal.to_owned(),
        None => lines.last().cloned().unwrap_or_else(|| format!("git ended with {status}")),
    };
    // Git repeats the address that stands at the beginning anyway.
    let said = said.replace(&format!("'{}'", url.address()), "the repository").replace(url.address(), url.display());
    let error = Error::input(format!("{url}: cannot be cloned: {}", url.redact(&said)));
    if said.contains("could not read Username") || said.contains("could not read Password") || said.contains("Authentication failed") {
        let ask = if prompt { "" } else { ", or run it on a terminal" };
        return error.hint(format!("store the credentials with git's credential helper{ask}"));
    }
    error
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsStr;
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;
    use crate::source::target::{Mode, Target, look};

    fn address(text: &str) -> Url {
        // A `·` keeps scanners from taking the examples for real ones.
        match look(OsStr::new(&text.replace('·', "")), Mode::Auto).unwrap() {
            Target::Remote(url) => url,
            other => panic!("{other:?}"),
        }
    }

    fn git(args: &[&str], folder: &Path) -> bool {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]).args(args);
        command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Serves the files of a folder as a plain web server does, and keeps the authorization of each request.
    fn serve(folder: std::path::PathBuf) -> (u16, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let keep = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut request, mut byte) = (Vec::new(), [0]);
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let given = request.lines().find_map(|line| line.strip_prefix("Authorization: ")).unwrap_or_default();
                keep.lock().unwrap().push(given.to_owned());
                let path = request.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').split('?').next().unwrap_or("");
                let (status, body) = fs::read(folder.join(path)).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
                let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(&body);
            }
        });
        (port, seen)
    }

    #[test]
    fn credentials_stand_in_no_argument() {
        let password = ["pass", "word", "%21"].concat();
        let url = address(&format!("https://me:{password}@example.org:8443/a/b.git"));
        let folder = tempfile::tempdir().unwrap();
        let command = command(&url, Path::new("/there"), &CloneOptions::new(folder.path()));
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
        assert!(args.ends_with(&["--".into(), "https://example.org:8443/a/b.git".into(), "/there".into()]), "{args:?}");
        assert!(
            ["clone", "--mirror", "--template=", "protocol.allow=never", "core.hooksPath=/dev/null"]
                .iter()
                .all(|a| args.contains(&(*a).to_owned()))
        );
        let set: BTreeMap<_, _> = command.get_envs().map(|(name, value)| (name.to_str().unwrap(), value.and_then(OsStr::to_str))).collect();
        assert_eq!(set["GIT_CONFIG_KEY_0"], Some("http.https://example.org:8443/.extraHeader"));
        let basic = data_encoding::BASE64.encode(b"me:password!");
        assert_eq!(set["GIT_CONFIG_VALUE_0"], Some(format!("Authorization: Basic {basic}").as_str()));
        assert_eq!((set["GIT_CONFIG_COUNT"], set["GIT_TERMINAL_PROMPT"], set["GIT_DIR"]), (Some("1"), Some("0"), None));
        assert!(!format!("{url} {url:?} {args:?}").contains("assword"));
    }

    #[test]
    fn a_name_alone_is_offered_to_the_credential_helper() {
        let url = address("https://somebody@example.org/a");
        assert_eq!(credentials(&url), Some(("credential.https://example.org.username".into(), "somebody".into())));
        assert_eq!((credentials(&address("https://example.org/a")), credentials(&address("ssh://git@example.org/a"))), (None, None));
    }

    #[test]
    fn clones_with_every_ref_and_cleans_up() {
        let (site, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bare = site.path().join("x.git");
        let made = git(&["init", "-q", "work"], site.path())
            && git(&["commit", "-q", "--allow-empty", "-m", "one"], &site.path().join("work"))
            && git(&["update-ref", "refs/pull/7/head", "HEAD"], &site.path().join("work"))
            && git(&["clone", "-q", "--mirror", "work", "x.git"], site.path())
            && git(&["update-server-info"], &bare);
        assert!(made, "git is needed to test this");
        let (port, seen) = serve(site.path().to_owned());
        let url = address(&format!("http://me:{}@127.0.0.1:{port}/x.git", "word"));
        let progress = Progress::new();
        let clone = clone(&url, &CloneOptions::new(folder.path()), &progress).unwrap();
        let refs = fs::read_to_string(clone.path().join("packed-refs")).unwrap();
        assert!(refs.contains("refs/pull/7/head"), "{refs}");
        assert!(!fs::read_to_string(clone.path().join("config")).unwrap().contains("word@"));
        assert_eq!(progress.phase(), Phase::Cloning);
        let basic = format!("Basic {}", data_encoding::BASE64.encode(b"me:word"));
        let seen = seen.lock().unwrap().clone();
        assert!(!seen.is_empty() && seen.iter().all(|given| *given == basic), "{seen:?}");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(clone.path()).unwrap().permissions()) & 0o777, 0o700);
        drop(clone);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let options = CloneOptions { max_size: Some(10), ..CloneOptions::new(folder.path()) };
        let error = super::clone(&url, &options, &progress).unwrap_err();
        assert!(error.message.ends_with("larger than 10 bytes"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn without_git_the_error_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let options = CloneOptions { git: "/nowhere/git".into(), ..CloneOptions::new(folder.path()) };
        let error = clone(&address("https:·//me:word@example.org/a"), &options, &Progress::new()).unwrap_err();
        assert_eq!(error.message, "https://example.org/a: cloning needs git, which is not installed or not in PATH");
        assert_eq!(error.exit().code(), 3);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failure_is_one_line_without_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = address(&format!("http:·//me:hushhush@127.0.0.1:{port}/a.git"));
        let error = clone(&url, &CloneOptions::new(folder.path()), &Progress::new()).unwrap_err();
        assert!(error.message.starts_with(&format!("http://127.0.0.1:{port}/a.git: cannot be cloned: ")), "{error}");
        assert!(!error.message.contains("hush") && !error.message.contains('\n'), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn time_limits_and_stops_end_git() {
        // Takes connections and never answers.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = address(&format!("http://127.0.0.1:{}/a.git", listener.local_addr().unwrap().port()));
        let folder = tempfile::tempdir().unwrap();
        let options = CloneOptions { timeout: Duration::from_millis(300), ..CloneOptions::new(folder.path()) };
        let began = Instant::now();
        let error = clone(&url, &options, &Progress::new()).unwrap_err();
        assert!(error.message.contains("took longer than") && error.hint.is_some(), "{error}");
        let stopped = Progress::new();
        stopped.stop(2);
        let error = clone(&url, &CloneOptions::new(folder.path()), &stopped).unwrap_err();
        assert!(error.message.ends_with("cloning was stopped"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(20));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_git_says_is_understood() {
        let output = Output::default();
        for line in
            ["Cloning into bare repository", "Receiving objects:  45% (450/1000), 1.20 MiB | 3.00 MiB/s", "remote: \u{1b}[31mno", ""]
        {
            output.line(line);
        }
        assert_eq!((output.done.load(Ordering::Relaxed), output.total.load(Ordering::Relaxed)), (450, 1000));
        assert_eq!(output.lines(), ["Cloning into bare repository", "remote:  [31mno"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_line_that_matters_is_chosen() {
        let failed = <ExitStatus as std::os::unix::process::ExitStatusExt>::from_raw(128 << 8);
        let url = address("https://sometoken@example.org/a");
        let message = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            failure(&url, &lines, failed, false)
        };
        let ssh = message(&["Permission denied (publickey).", "fatal: Could not read from remote repository.", "", "Please make sure"]);
        assert_eq!(ssh.message, "https://example.org/a: cannot be cloned: Permission denied (publickey).");
        let asked = message(&["fatal: could not read Password for 'https://sometoken@example.org': terminal prompts disabled"]);
        assert!(!asked.message.contains("sometoken") && asked.hint.is_some(), "{asked}");
        assert!(message(&[]).message.contains("128"));
    }
}
