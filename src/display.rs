//! What goes to standard error: errors, and how far the scan is. It draws counters and decides nothing.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use unleak::error::Error;
use unleak::progress::{Phase, Progress};
use unleak::report::sanitize::sanitize;

/// A scan that ends sooner shows no bar.
const BLINK: Duration = Duration::from_millis(400);
const FRAME: Duration = Duration::from_millis(100);

/// No colours on standard error.
static PLAIN: AtomicBool = AtomicBool::new(false);

/// Says whether the environment wants no colours.
pub fn plain(plain: bool) {
    PLAIN.store(plain, Ordering::Relaxed);
}

/// Prints an error in one line, and what to do about it in another.
pub fn error(error: &Error) {
    say("error", &error.message);
    if let Some(hint) = &error.hint {
        say("hint", hint);
    }
}

/// So many of them, in words; more than one end with an `s`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Prints one line; a standard error that is closed is nobody's business.
pub fn say(label: &str, text: &str) {
    let style = if label == "error" && std::io::stderr().is_terminal() && !PLAIN.load(Ordering::Relaxed) {
        anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()))
    } else {
        anstyle::Style::new()
    };
    let _ = writeln!(std::io::stderr(), "unleak: {style}{label}{style:#}: {}", sanitize(text));
}

/// Prints one line of a command's answer; a reader that went away is no error.
pub fn answer(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", sanitize(text));
}

/// A running bar; it goes when this is dropped.
pub struct Bar {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Draws the counters until it is dropped.
    pub fn start(progress: Arc<Progress>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            std::thread::park_timeout(BLINK);
            draw(&progress, &stop);
        });
        Self { done, thread: Some(thread) }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn draw(progress: &Progress, stop: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let counted = style("{spinner} {prefix} {wide_bar} {percent:>3}%  {msg}  {eta}");
    let open = style("{spinner} {prefix}  {msg}");
    let mut phase = None;
    while !stop.load(Ordering::Relaxed) {
        let total = progress.objects_total.load(Ordering::Relaxed);
        if phase != Some((progress.phase(), total > 0)) {
            phase = Some((progress.phase(), total > 0));
            bar.set_style(if total > 0 { counted.clone() } else { open.clone() });
            bar.set_prefix(progress.phase().name());
            bar.reset_eta();
        }
        if total > 0 {
            bar.set_length(total);
        }
        bar.set_position(progress.objects.load(Ordering::Relaxed));
        bar.set_message(counters(progress, bar.elapsed()));
        bar.tick();
        std::thread::park_timeout(FRAME);
    }
    bar.finish_and_clear();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("a template of ours").progress_chars("━╸─")
}

fn counters(progress: &Progress, elapsed: Duration) -> String {
    let bytes = progress.bytes.load(Ordering::Relaxed);
    let rate = HumanBytes((bytes as f64 / elapsed.as_secs_f64().max(0.1)) as u64);
    match progress.phase() {
        Phase::Files => format!("{} files, {}, {rate}/s", HumanCount(progress.files.load(Ordering::Relaxed)), HumanBytes(bytes)),
        Phase::Opening | Phase::History => String::new(),
        _ => format!("{} objects, {}, {rate}/s", HumanCount(progress.objects.load(Ordering::Relaxed)), HumanBytes(bytes)),
    }
}
