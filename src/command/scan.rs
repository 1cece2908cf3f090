//! `unleak scan` and its kin: runs a job, writes its reports, chooses the exit code.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use unleak::asking;
use unleak::detect::Detector;
use unleak::error::{Error, Exit, Kind, Result, describe};
use unleak::outcome::Outcome;
use unleak::progress::Progress;
use unleak::report::{self, Document, TextOptions};
use unleak::rule::RuleSet;
use unleak::scan::Input;

use crate::config::{Job, Report, now};
use crate::display::{self, Bar};

/// How long a scan may take to end by itself once a signal came.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the job.
pub fn run(job: Result<Job>) -> Result<Exit> {
    let mut job = job?;
    let begin = Instant::now();
    let outcome = outcome(&mut job)?;
    let exit = report(&job, &outcome, begin);
    aside(outcome);
    exit
}

/// Gives back what nobody needs any more beside what comes next: nobody waits for it, not even the program at its end.
fn aside(done: impl Send + 'static) {
    // Where there can be no more threads it is given back here.
    let _ = std::thread::Builder::new().spawn(move || drop(done));
}

/// Scans what the job says.
pub fn outcome(job: &mut Job) -> Result<Outcome> {
    let progress = Arc::new(Progress::new());
    watch(&progress, job.timeout)?;
    if job.plan.targets.iter().any(|target| target == "-") {
        job.plan.stdin = Input::new(Waiting::new(io::stdin(), Arc::clone(&progress)));
    }
    let rules = std::mem::replace(&mut job.rules, RuleSet::empty());
    let detector = Detector::new(rules, now()).with_lines(job.plan.suppress.needs_lines());
    let bar = job.progress.then(|| Bar::start(Arc::clone(&progress)));
    let outcome = unleak::scan::run(&job.plan, &detector, &progress);
    let outcome = outcome.and_then(|mut outcome| {
        if let Some(wish) = &job.wish {
            asking::verify(&mut outcome, detector.rules(), wish, &progress)?;
        }
        Ok(outcome)
    });
    drop(bar);
    aside(detector);
    outcome
}

/// Writes the job's reports and chooses the exit code.
pub fn report(job: &Job, outcome: &Outcome, begin: Instant) -> Result<Exit> {
    let written = report_all(job, outcome, begin);
    Ok(exit(outcome, found(job, outcome), written, &Choice { code: job.exit_code, allow_incomplete: job.allow_incomplete }))
}

/// Writes the job's reports; whether all of them were written.
pub(super) fn report_all(job: &Job, outcome: &Outcome, begin: Instant) -> bool {
    let document = Document::new(outcome, &report::Options { show_secrets: job.show_secrets, show_suppressed: job.show_suppressed });
    let ended = now();
    let options = TextOptions { color: job.color, begun: ended - begin.elapsed().as_secs() as i64, ended };
    let mut written = true;
    for report in &job.reports {
        if let Err(error) = write(report, &document, &options, job.show_secrets) {
            display::error(&error);
            written = false;
        } else if let (Some(path), false) = (&report.path, job.quiet) {
            display::say("report", &format!("{} written to {}", display::count(outcome.findings.len(), "finding"), path.display()));
        }
    }
    if job.verbose {
        display::say("time", &format!("{:.2} s", begin.elapsed().as_secs_f64()));
    }
    aside(document);
    written
}

/// Whether something was found that counts.
pub fn found(job: &Job, outcome: &Outcome) -> bool {
    outcome.findings.iter().any(|f| f.severity >= job.fail_on)
}

/// What the user chose about exit codes.
struct Choice {
    code: u8,
    allow_incomplete: bool,
}

fn exit(outcome: &Outcome, found: bool, written: bool, choice: &Choice) -> Exit {
    if let Some(signal) = outcome.interrupted {
        return Exit::Interrupted(signal as u8);
    }
    let incomplete = !outcome.complete() && !choice.allow_incomplete;
    match found {
        true if choice.code == 0 && !written => Exit::Incomplete,
        true => Exit::Findings(choice.code),
        false if incomplete || !written => Exit::Incomplete,
        false => Exit::Clean,
    }
}

/// Lets signals and the time limit stop the scan. A second signal ends the program at once.
pub(super) fn watch(progress: &Arc<Progress>, timeout: Option<Duration>) -> Result<()> {
    let failed = |e: io::Error| Error::new(Kind::Usage, format!("cannot watch for signals: {}", describe(&e)));
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let shared = Arc::clone(progress);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if shared.stopped() {
                std::process::exit(128 + signal);
            }
            shared.stop(signal as u8);
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                std::process::exit(128 + signal);
            });
        }
    });
    if let Some(limit) = timeout {
        let shared = Arc::clone(progress);
        std::thread::spawn(move || {
            std::thread::sleep(limit);
            shared.stop(0);
        });
    }
    Ok(())
}

/// Writes one report. A reader that went away is no error.
fn write(report: &Report, document: &Document, options: &TextOptions, secret: bool) -> Result<()> {
    let options = &TextOptions { color: options.color && report.path.is_none(), ..*options };
    let done = match &report.path {
        None => fill(io::stdout().lock(), report, document, options),
        Some(path) => create(path, secret).and_then(|file| fill(file, report, document, options)),
    };
    match done {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let place = report.path.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
            Err(Error::new(Kind::Output, format!("{place}: the report could not be written: {}", describe(&error))))
        }
        Ok(()) => Ok(()),
    }
}

fn fill(out: impl Write, report: &Report, document: &Document, options: &TextOptions) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, out);
    report::write(report.format, document, options, &mut out)?;
    out.flush()
}

/// A report with whole secrets can be read by its owner alone.
fn create(path: &Path, secret: bool) -> io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = options.mode(0o600).open(path)?;
        if file.metadata()?.is_file() {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        return Ok(file);
    }
    let _ = secret;
    options.open(path)
}

/// Standard input, read by a thread of its own, so that a signal ends a scan that waits for the next byte.
pub(super) struct Waiting {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    done: usize,
    progress: Arc<Progress>,
}

impl Waiting {
    pub(super) fn new(mut from: impl Read + Send + 'static, progress: Arc<Progress>) -> Self {
        let (sender, blocks) = sync_channel(4);
        std::thread::spawn(move || {
            loop {
                let mut block = vec![0; 256 << 10];
                let read = match from.read(&mut block) {
                    Ok(0) => return,
                    Ok(n) => {
                        block.truncate(n);
                        Ok(block)
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if sender.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self { blocks, block: Vec::new(), done: 0, progress }
    }
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.done == self.block.len() {
            match self.blocks.recv_timeout(Duration::from_millis(50)) {
                Ok(block) => (self.block, self.done) = (block?, 0),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if self.progress.stopped() => {
                    return Err(io::Error::other("the scan was stopped before its end"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        let n = buffer.len().min(self.block.len() - self.done);
        buffer[..n].copy_from_slice(&self.block[self.done..self.done + n]);
        self.done += n;
        Ok(n)
    }
}
