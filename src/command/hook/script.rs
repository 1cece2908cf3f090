//! The text of hooks: the file of our own, and the lines that go into a script of others and come out again
//! without a trace. It touches no file.

use std::path::Path;
use std::time::Duration;

use crate::cli::HookName;

/// The second line of every file of ours.
const MARK: &str = "# Written by `unleak hook install`; `unleak hook uninstall` takes it away.";
/// The folder beside a hook in which the one lies that was there before.
pub const BEFORE: &str = "before-unleak";
/// Around our lines in a script of others.
const BEGIN: &str = "# >>> unleak hook: written by `unleak hook install`, taken away by `unleak hook uninstall`";
const END: &str = "# <<< unleak hook";
/// The same in a script that is ours alone.
const NEW: &str = " (a new file)";

/// What the hook is told.
pub struct Options {
    /// Whether what could not be scanned passes.
    pub fail_open: bool,
    /// How long the scan may take.
    pub timeout: Option<Duration>,
}

impl Options {
    fn arguments(&self) -> String {
        let time = self.timeout.map_or_else(String::new, |time| format!(" --timeout {}s", time.as_secs()));
        format!("{}{time}", if self.fail_open { "--fail-open" } else { "--fail-closed" })
    }

    /// What happens where the program itself is gone.
    fn gone(&self) -> u8 {
        u8::from(!self.fail_open)
    }
}

/// Our own file. It first runs the hook that was there before, if there was one.
pub fn file(name: HookName, program: &Path, options: &Options) -> String {
    let (hook, arguments) = (name.file(), options.arguments());
    let program = quote(&program.to_string_lossy());
    let head = format!("#!/bin/sh\n{MARK}\nunleak={program}\nbefore=\"${{0%/*}}/{BEFORE}/{hook}\"\n");
    let gone = options.gone();
    let find = format!(
        "command -v \"$unleak\" >/dev/null 2>&1 || unleak=unleak\n\
         command -v \"$unleak\" >/dev/null 2>&1 || {{\n  \
         echo 'unleak: the program is gone, so this hook looks for no secrets; `rm' \"$0\"'` removes the hook' >&2\n  exit {gone}\n}}\n"
    );
    if name.reads_input() {
        return format!(
            "{head}lines=$(cat)\n\
             if [ -x \"$before\" ]; then\n  printf '%s\\n' \"$lines\" | \"$before\" \"$@\" || exit\nfi\n\
             {find}printf '%s\\n' \"$lines\" | \"$unleak\" hook run {hook} {arguments} -- \"$@\"\n"
        );
    }
    format!(
        "{head}if [ -x \"$before\" ]; then\n  \"$before\" \"$@\" || exit\nfi\n\
         {find}exec \"$unleak\" hook run {hook} {arguments} -- \"$@\"\n"
    )
}

/// Whether a hook's content is a file of ours.
pub fn is_ours(content: &[u8]) -> bool {
    String::from_utf8_lossy(content).lines().nth(1) == Some(MARK)
}

/// The program that a file of ours calls.
pub fn program_of(content: &str) -> Option<String> {
    let quoted = content.lines().find_map(|line| line.strip_prefix("unleak='")?.strip_suffix('\''));
    quoted.map(|text| text.replace("'\\''", "'"))
}

/// What a file or lines of ours say of trouble and time.
pub fn arguments_of(content: &str, name: HookName) -> Option<&str> {
    let call = format!("hook run {} ", name.file());
    content.lines().find_map(|line| line.split_once(call.as_str())?.1.split_once(" -- ")).map(|(arguments, _)| arguments)
}

/// The shared script with our lines; `None` where it is no shell script. Without a script, a new one.
pub fn with_lines(content: Option<&str>, name: HookName, options: &Options) -> Option<String> {
    let Some(content) = content else {
        return Some(format!("#!/bin/sh\n{BEGIN}{NEW}\n{}{END}\n", lines(name, options)));
    };
    let first = content.lines().next().unwrap_or_default();
    let interpreter = first.strip_prefix("#!").map(|rest| rest.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word)));
    if interpreter.is_some_and(|mut words| !words.any(|word| matches!(word, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash"))) {
        return None;
    }
    let is_head = |line: &str| line.trim().is_empty() || line.starts_with('#') || (line.starts_with(". ") && line.contains("husky.sh"));
    let end = content.split_inclusive('\n').take_while(|line| is_head(line)).map(str::len).sum();
    let (head, rest) = content.split_at(end);
    let lines = lines(name, options);
    if head.is_empty() || head.ends_with('\n') {
        return Some(format!("{head}{BEGIN}\n{lines}{END}\n{rest}"));
    }
    // Without a last line feed there is none after ours either, which tells us to take away the first.
    Some(format!("{head}\n{BEGIN}\n{lines}{END}"))
}

/// Whether our lines are in a script.
pub fn has_lines(content: &str) -> bool {
    content.lines().any(|line| line.starts_with(BEGIN))
}

/// The script without our lines: `None` where nothing is left and the file was ours.
pub fn without_lines(content: &str) -> Option<String> {
    let Some(begin) = content.find(BEGIN) else { return Some(content.to_owned()) };
    let Some(length) = content[begin..].find(END).map(|at| at + END.len()) else { return Some(content.to_owned()) };
    let is_new = content[begin + BEGIN.len()..].starts_with(NEW);
    let (head, rest) = (&content[..begin], &content[begin + length..]);
    let left = match rest.strip_prefix('\n') {
        Some(rest) => format!("{head}{rest}"),
        None => format!("{}{rest}", head.strip_suffix('\n').unwrap_or(head)),
    };
    (!is_new || left != "#!/bin/sh\n").then_some(left)
}

/// The lines themselves. People who share the script may not have the program.
fn lines(name: HookName, options: &Options) -> String {
    let (hook, arguments) = (name.file(), options.arguments());
    let call = if name.reads_input() {
        // The rest of the script gets the same standard input.
        format!(
            "  unleak_lines=$(cat)\n  printf '%s\\n' \"$unleak_lines\" | unleak hook run {hook} {arguments} -- \"$@\" || exit\n  \
             exec <<unleak_end\n$unleak_lines\nunleak_end\n"
        )
    } else {
        format!("  unleak hook run {hook} {arguments} -- \"$@\" || exit\n")
    };
    format!(
        "if command -v unleak >/dev/null 2>&1; then\n{call}else\n  \
         echo 'unleak is not installed: nothing looked for secrets' >&2\nfi\n"
    )
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options { fail_open: false, timeout: None };

    #[test]
    fn lines_come_out_as_they_went_in() {
        for content in [
            "#!/bin/sh\nnpm test\n",
            "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\nnpx lint-staged\n",
            "npm test",
            "#!/bin/sh",
            "# comment\n",
            "",
            "#!/bin/bash -e\n\n\necho\n\n",
        ] {
            for name in HookName::ALL {
                let with = with_lines(Some(content), *name, &OPTIONS).unwrap();
                assert!(has_lines(&with) && with.len() > content.len());
                assert_eq!(without_lines(&with).as_deref(), Some(content), "{with}");
            }
        }
        assert_eq!(without_lines(&with_lines(None, HookName::PreCommit, &OPTIONS).unwrap()), None);
        assert_eq!(with_lines(Some("#!/usr/bin/env python3\n"), HookName::PreCommit, &OPTIONS), None);
        assert_eq!(without_lines("echo\n").as_deref(), Some("echo\n"));
    }

    #[test]
    fn a_file_tells_what_it_calls() {
        let options = Options { fail_open: true, timeout: Some(Duration::from_secs(30)) };
        let text = file(HookName::PreReceive, Path::new("/opt/it's/unleak"), &options);
        assert!(is_ours(text.as_bytes()) && !is_ours(b"#!/bin/sh\n"));
        assert_eq!(program_of(&text).as_deref(), Some("/opt/it's/unleak"));
        assert_eq!(arguments_of(&text, HookName::PreReceive), Some("--fail-open --timeout 30s"));
        assert_eq!(arguments_of(&text, HookName::PrePush), None);
    }
}
